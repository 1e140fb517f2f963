with
    source as (select * from {{ source("shop", "events__items__tags__marks") }}),
    level_1 as (select * from {{ ref("stg_shop__events__items") }}),
    parents as (
        select *
        from {{ source("shop", "events__items__tags") }}
        where _dlt_parent_id in (select level_1._dlt_id from level_1)
    ),
    renamed as (
        select
            -- columns
            value,
            -- loaded by dlt
            _dlt_parent_id,
            _dlt_list_idx,
            _dlt_id
        from source
        where _dlt_parent_id in (select parents._dlt_id from parents)
    )
select *
from renamed
