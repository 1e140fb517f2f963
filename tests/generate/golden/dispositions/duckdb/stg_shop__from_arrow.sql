with
    source as (select * from {{ source("shop", "from_arrow") }}),
    renamed as (
        select
            -- columns
            id,
            -- loaded by dlt
            _dlt_load_id
        from source
    )
select *
from renamed
