with
    source as (select * from {{ source("shop", "events__tags") }}),
    renamed as (
        select
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
