with
    source as (select * from {{ source("shop", "versioned") }}),
    renamed as (
        select
            -- keys
            id,
            -- columns
            code,
            -- history
            _dlt_valid_from as valid_from,
            _dlt_valid_to as valid_to,
            _dlt_valid_to is null as is_current,
            -- loaded by dlt
            _dlt_load_id,
            _dlt_id
        from source
    )
select *
from renamed
