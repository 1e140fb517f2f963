{{
    config(
        materialized="incremental",
        unique_key="_dlt_id",
        on_schema_change="append_new_columns",
        post_hook="{{ dango_delete_gone('_dlt_load_id', '_dlt_id') }}",
    )
}}
with
    source as (
        select *
        from {{ source("shop", "upserted") }}
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
            _dlt_load_id,
            _dlt_id
        from source
    )
select *
from renamed
