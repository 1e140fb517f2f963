{{
    config(
        materialized="incremental",
        on_schema_change="append_new_columns",
        post_hook="{{ dango_delete_gone('_root_load_id', '_dlt_parent_id', ref('stg_shop__latest'), '_dlt_id') }}",
    )
}}
with
    source as (
        select *
        from {{ source("shop", "latest__lines") }}
        {% if is_incremental() %}
            where
                _root_load_id > (
                    select coalesce(max(loaded._root_load_id), '')
                    from {{ this }} as loaded
                )
        {% endif %}
    ),
    parents as (select * from {{ ref("stg_shop__latest") }}),
    renamed as (
        select
            -- columns
            value,
            -- loaded by dlt
            _root_load_id,
            _dlt_parent_id,
            _dlt_list_idx,
            _dlt_id
        from source
        where _dlt_parent_id in (select parents._dlt_id from parents)
    )
select *
from renamed
