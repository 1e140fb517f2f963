with
    source as (select * from {{ source("shop", "1st") }}),
    renamed as (
        select
            -- keys
            "select",
            -- loaded by dlt
            _dlt_load_id,
            _dlt_id
        from source
    )
select *
from renamed
