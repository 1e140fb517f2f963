{{
    config(
        materialized="incremental",
        unique_key='"order"',
        on_schema_change="append_new_columns",
        post_hook="{{ dango_delete_gone('_dlt_load_id', '\"order\"') }}",
    )
}}
with
    source as (
        select *
        from {{ source("shop", "arrow_merged") }}
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
            [order],
            -- loaded by dlt
            _dlt_load_id
        from source
    )
select *
from renamed
