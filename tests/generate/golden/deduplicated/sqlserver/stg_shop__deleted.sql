with
    source as (select * from {{ source("shop", "deleted") }}),
    ranked as (
        select
            *,
            row_number() over (
                -- the latest row of each key comes first
                partition by id order by _dlt_load_id desc, _dlt_id asc
            ) as _row_number
        from source
    ),
    renamed as (
        select
            -- keys
            id,
            -- columns
            gone,
            -- loaded by dlt
            _dlt_load_id,
            _dlt_id
        from ranked
        where
            _row_number = 1
            -- the latest row may say that its key is deleted
            and (gone is null or gone = 0)
    )
select *
from renamed
