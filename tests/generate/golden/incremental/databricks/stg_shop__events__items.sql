{{
    config(
        materialized="incremental",
        on_schema_change="append_new_columns",
        post_hook="{{ dango_delete_gone('_root_load_id', '_root_load_id') }}",
    )
}}
with
    source as (
        select *
        from {{ source("shop", "events__items") }}
        {% if is_incremental() %}
            where
                _root_load_id > (
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
