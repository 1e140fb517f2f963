with
    source as (select * from {{ source("shop", "events__tags") }}),
    renamed as (
        select
            -- columns
            value
        from source
    )
select *
from renamed
