{{
    config(
        materialized="incremental",
        unique_key=["day", '"order"'],
        on_schema_change="append_new_columns",
        post_hook="{{ dango_delete_gone('_dlt_load_id', source('shop', 'latest')) }}",
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
        from {{ source("shop", "latest") }}
        where
            _dlt_load_id <= (select finished.load_id from finished)
            {% if is_incremental() %}
                and _dlt_load_id > (
                    select coalesce(max(loaded._dlt_load_id), '')
                    from {{ this }} as loaded
                )
            {% endif %}
    ),
    ranked as (
        select
            *,
            row_number() over (
                -- the latest row of each key comes first
                partition by day, [order] order by _dlt_load_id desc, _dlt_id asc
            ) as _row_number
        from source
    ),
    renamed as (
        select
            -- keys
            day,
            [order],
            -- loaded by dlt
            _dlt_load_id,
            _dlt_id
        from ranked
        where _row_number = 1
    )
select *
from renamed
