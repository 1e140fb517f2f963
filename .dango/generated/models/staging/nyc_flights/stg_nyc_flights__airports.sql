with
    source as (select * from {{ source("nyc_flights", "airports") }}),
    renamed as (
        select
            -- keys
            faa,
            -- columns
            name,
            lat,
            lon,
            alt,
            tz,
            dst,
            tzone,
            -- loaded by dlt
            _dlt_load_id
        from source
    )
select *
from renamed
