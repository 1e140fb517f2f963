with
    source as (select * from {{ source("shop", "events__items") }}),
    parents as (select * from {{ ref("stg_shop__events") }}),
    renamed as (
        select
            -- keys
            _events_id,
            -- columns
            sku,
            -- loaded by dlt
            _dlt_parent_id,
            _dlt_list_idx,
            _dlt_id
        from source
        where _dlt_parent_id in (select parents._dlt_id from parents)
    )
select *
from renamed
