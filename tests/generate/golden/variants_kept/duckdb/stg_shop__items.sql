with
    source as (select * from {{ source("shop", "items") }}),
    renamed as (
        select
            -- columns
            price,
            price__v_text,
            "order",
            order__v_text,
            -- loaded by dlt
            _dlt_load_id,
            _dlt_id
        from source
    )
select *
from renamed
