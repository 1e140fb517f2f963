with
    source as (select * from {{ source("shop", "versioned__tags") }}),
    renamed as (
        select
            -- keys
            _versioned_id,
            -- columns
            value,
            -- loaded by dlt
            _dlt_parent_id,
            _dlt_list_idx,
            _dlt_id
        from source
    )
select *
from renamed
