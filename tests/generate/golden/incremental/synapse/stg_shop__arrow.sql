{{
    config(
        materialized="incremental",
        on_schema_change="append_new_columns",
        post_hook="{{ dango_delete_gone('_dlt_load_id', '_dlt_load_id') }}",
    )
}}
with
    source as (
        select *
        from {{ source("shop", "arrow") }}
        {% if is_incremental() %}
            where
                _dlt_load_id > (
                    select coalesce(max(loaded._dlt_load_id), '')
                    from {{ this }} as loaded
                )
        {% endif %}
    ),
    renamed as (
        select
            -- keys
            id,
            -- loaded by dlt
            _dlt_load_id
        from source
    )
select *
from renamed
