with
    source as (select * from {{ source("nyc_flights", "airlines") }}),
    renamed as (
        select
            -- keys
            carrier,
            -- columns
            name,
            -- loaded by dlt
            _dlt_load_id
        from source
    )
select *
from renamed
