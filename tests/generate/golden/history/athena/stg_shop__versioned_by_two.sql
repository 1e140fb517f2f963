with
    source as (select * from {{ source("shop", "versioned_by_two") }}),
    renamed as (
        select
            -- keys
            shop,
            day,
            -- history
            valid_from,
            valid_to,
            valid_to is null as is_current,
            -- loaded by dlt
            _dlt_load_id,
            _dlt_id
        from source
    )
select *
from renamed
