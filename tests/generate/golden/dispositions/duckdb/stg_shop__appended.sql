with
    source as (select * from {{ source("shop", "appended") }}),
    renamed as (
        select
            -- columns
            id,
            name,
            -- loaded by dlt
            _dlt_load_id,
            _dlt_id
        from source
    )
select *
from renamed
