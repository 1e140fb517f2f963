with
    source as (select * from {{ source("shop", "events") }}),
    ranked as (
        select
            *,
            row_number() over (
                -- the latest row of each key comes first
                partition by id
                order by _dlt_load_id desc, "at" desc nulls last, _dlt_id asc
            ) as __row_number
        from source
    ),
    renamed as (
        select
            -- keys
            id,
            -- columns
            "at",
            code,
            _row_number,
            -- loaded by dlt
            _dlt_load_id,
            _dlt_id
        from ranked
        where __row_number = 1
    )
select *
from renamed
