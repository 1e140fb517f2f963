with
    source as (select * from {{ source("shop", "replaced") }}),
    renamed as (
        select
            -- columns
            id
        from source
    )
select *
from renamed
