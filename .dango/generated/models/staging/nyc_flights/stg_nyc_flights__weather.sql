with
    source as (select * from {{ source("nyc_flights", "weather") }}),
    renamed as (
        select
            -- keys
            origin,
            time_hour,
            -- columns
            year,
            month,
            day,
            hour,
            temp,
            dewp,
            humid,
            wind_dir,
            wind_speed,
            wind_gust,
            precip,
            pressure,
            visib,
            -- loaded by dlt
            _dlt_load_id
        from source
    )
select *
from renamed
