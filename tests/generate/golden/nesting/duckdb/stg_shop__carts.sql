with
    source as (select * from {{ source("shop", "carts") }}),
    renamed as (
        select
            -- keys
            id,
            -- columns
            total,
            -- loaded by dlt
            _dlt_load_id,
            _dlt_id
        from source
    )
select *
from renamed
