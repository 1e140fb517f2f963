with
    source as (select * from {{ source("shop", "events") }}),
    renamed as (
        select
            -- keys
            id,
            -- columns
            value
        from source
    )
select *
from renamed
