with
    source as (select * from {{ source("shop", "versioned") }}),
    renamed as (
        select
            -- keys
            id,
            -- columns
            name,
            -- loaded by dlt
            _dlt_valid_from,
            _dlt_valid_to,
            _dlt_load_id,
            _dlt_id
        from source
    )
select *
from renamed
