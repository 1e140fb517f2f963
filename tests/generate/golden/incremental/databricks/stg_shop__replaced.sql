with
    source as (select * from {{ source("shop", "replaced") }}),
    renamed as (
        select
            -- columns
            id,
            -- loaded by dlt
            _dlt_load_id,
            _dlt_id
        from source
    )
select *
from renamed
