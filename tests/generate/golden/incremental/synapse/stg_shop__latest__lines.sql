{{
    config(
        materialized="incremental",
        on_schema_change="append_new_columns",
        post_hook="{{ dango_delete_gone('_dlt_parent_id', ref('stg_shop__latest'), '_dlt_id') }}",
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
        from {{ source("shop", "latest__lines") }}
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
