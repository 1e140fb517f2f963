with
    source as (select * from {{ source("shop", "merged_by_merge_key") }}),
    renamed as (
        select
            -- columns
            day,
            name,
            -- loaded by dlt
            _dlt_load_id,
            _dlt_id
        from source
    )
select *
from renamed
