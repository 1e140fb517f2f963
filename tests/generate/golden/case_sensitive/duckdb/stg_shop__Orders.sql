with
    source as (select * from {{ source("shop", "Orders") }}),
    renamed as (
        select
            -- columns
            id,
            "orderId",
            -- loaded by dlt
            _dlt_load_id,
            _dlt_id
        from source
    )
select *
from renamed
