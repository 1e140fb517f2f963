with
    source as (select * from {{ source("shop", "versioned_until") }}),
    renamed as (
        select
            -- columns
            id,
            is_current,
            -- history
            "from" as valid_from,
            "to" as valid_to,
            "to"
            = toDateTime64('9999-12-31 00:00:00.000000', 6, 'UTC') as _dlt_is_current,
            -- loaded by dlt
            _dlt_load_id,
            _dlt_id
        from source
    )
select *
from renamed
