with
    source as (select * from {{ source("shop", "arrow") }}),
    ranked as (
        select
            *,
            row_number() over (
                -- the latest row of each key comes first
                partition by id order by _dlt_load_id desc
            ) as _row_number
        from source
    ),
    renamed as (
        select
            -- keys
            id,
            -- loaded by dlt
            _dlt_load_id
        from ranked
        where _row_number = 1
    )
select *
from renamed
