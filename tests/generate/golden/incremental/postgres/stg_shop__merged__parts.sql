{{
    config(
        materialized="incremental",
        unique_key="_dlt_id",
        on_schema_change="append_new_columns",
        post_hook="{{ dango_delete_gone('_root_load_id', '_dlt_id') }}",
    )
}}
with
    source as (
        select *
        from {{ source("shop", "merged__parts") }}
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
