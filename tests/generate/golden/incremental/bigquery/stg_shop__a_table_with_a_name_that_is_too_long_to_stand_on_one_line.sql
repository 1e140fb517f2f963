{{
    config(
        materialized="incremental",
        on_schema_change="append_new_columns",
        post_hook="{{ dango_delete_gone('_dlt_load_id', source('shop', 'a_table_with_a_name_that_is_too_long_to_stand_on_one_line')) }}",
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
        from
            {{
                source(
                    "shop",
                    "a_table_with_a_name_that_is_too_long_to_stand_on_one_line",
                )
            }}
        where
            _dlt_load_id <= (select finished.load_id from finished)
            {% if is_incremental() %}
                and _dlt_load_id > (
                    select coalesce(max(loaded._dlt_load_id), '')
                    from {{ this }} as loaded
                )
            {% endif %}
    ),
    renamed as (
        select
            -- columns
            id,
            -- loaded by dlt
            _dlt_load_id,
            _dlt_id
        from source
    )
select *
from renamed
