with
    source as (select * from {{ source("shop", "deleted_at") }}),
    ranked as (
        select
            *,
            row_number() over (
                -- the latest row of each key comes first
                partition by shop, `order`
                order by _dlt_load_id desc, seq asc nulls last, _dlt_id asc
            ) as _row_number
        from source
    ),
    renamed as (
        select
            -- keys
            shop,
            `order`,
            -- columns
            seq,
            gone_at,
            -- loaded by dlt
            _dlt_load_id,
            _dlt_id
        from ranked
        where
            _row_number = 1
            -- the latest row may say that its key is deleted
            and gone_at is null
    )
select *
from renamed
