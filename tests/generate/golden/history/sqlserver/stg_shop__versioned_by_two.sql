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
            cast(iif(valid_to is null, 1, 0) as bit) as is_current,
            -- loaded by dlt
            _dlt_load_id,
            _dlt_id
        from source
    )
select *
from renamed
