{{
    config(
        materialized="incremental",
        on_schema_change="append_new_columns",
        post_hook="{{ dango_delete_gone('_root_load_id', source('shop', 'events__items'), nullable=true) }}",
    )
}}
with
    finished as (
        select max(load_id) as load_id
        from {{ source("shop", "_dlt_loads") }}
        where schema_name = 'shop' and status = 0
    ),
    source as (
        select *
        from {{ source("shop", "events__items") }}
        where
            (
                _root_load_id is null
                or _root_load_id <= (select finished.load_id from finished)
            )
            {% if is_incremental() %}
                and _root_load_id > (
                    select coalesce(max(loaded._root_load_id), '')
                    from {{ this }} as loaded
                )
            {% endif %}
    ),
    renamed as (
        select
            -- columns
            sku,
            -- loaded by dlt
            _root_load_id,
            _dlt_parent_id,
            _dlt_list_idx,
            _dlt_id
        from source
    )
select *
from renamed
