with
    source as (select * from {{ source("shop", "events__items") }}),
    renamed as (
        select
            -- columns
            sku
        from source
    )
select *
from renamed
