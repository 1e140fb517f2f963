with
    source as (select * from {{ source("nyc_flights", "flights") }}),
    renamed as (
        select
            -- keys
            carrier,
            flight,
            time_hour,
            -- columns
            year,
            month,
            day,
            dep_time,
            sched_dep_time,
            dep_delay,
            arr_time,
            sched_arr_time,
            arr_delay,
            tailnum,
            origin,
            dest,
            air_time,
            distance,
            hour,
            minute,
            -- loaded by dlt
            _dlt_load_id
        from source
    )
select *
from renamed
