with
    source as (select * from {{ source("shop", "upserted") }}),
    renamed as (
        select
            -- keys
            id,
            -- columns
            name,
            -- loaded by dlt
            _dlt_load_id,
            _dlt_id
        from source
    )
select *
from renamed
