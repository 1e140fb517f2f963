with
    source as (select * from {{ source("shop", "merged") }}),
    renamed as (
        select
            -- keys
            id,
            -- loaded by dlt
            _dlt_load_id,
            _dlt_id
        from source
    )
select *
from renamed
