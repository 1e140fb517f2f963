with
    source as (select * from {{ source("shop", "merged__parts") }}),
    renamed as (
        select
            -- columns
            value,
            -- loaded by dlt
            _dlt_root_id,
            _root_load_id,
            _dlt_parent_id,
            _dlt_list_idx,
            _dlt_id
        from source
    )
select *
from renamed
