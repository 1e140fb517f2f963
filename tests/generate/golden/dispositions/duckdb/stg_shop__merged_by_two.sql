with
    source as (select * from {{ source("shop", "merged_by_two") }}),
    renamed as (
        select
            -- keys
            shop,
            day,
            -- columns
            sold,
            -- loaded by dlt
            _dlt_load_id,
            _dlt_id
        from source
    )
select *
from renamed
