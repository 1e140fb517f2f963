with
    source as (select * from {{ source("shop", "carts__items") }}),
    renamed as (
        select
            -- columns
            name,
            -- loaded by dlt
            _dlt_parent_id,
            _dlt_list_idx,
            _dlt_id
        from source
    )
select *
from renamed
