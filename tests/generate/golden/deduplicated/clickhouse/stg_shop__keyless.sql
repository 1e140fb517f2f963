with
    source as (select * from {{ source("shop", "keyless") }}),
    renamed as (
        select
            -- columns
            value,
            -- loaded by dlt
            _dlt_load_id,
            _dlt_id
        from source
    )
select *
from renamed
