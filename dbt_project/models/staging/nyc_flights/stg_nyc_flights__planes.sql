with
    source as (select * from {{ source("nyc_flights", "planes") }}),
    renamed as (
        select
            -- keys
            tailnum,
            -- columns
            year,
            type,
            manufacturer,
            model,
            engines,
            seats,
            speed,
            engine,
            -- loaded by dlt
            _dlt_load_id
        from source
    )
select *
from renamed
