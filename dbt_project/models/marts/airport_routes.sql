with
    flights as (select * from {{ ref("stg_nyc_flights__flights") }}),
    airports as (select * from {{ ref("stg_nyc_flights__airports") }}),
    by_route as (
        select
            origin,
            dest,
            count(*) as flights,
            count(distinct carrier) as carriers,
            min(distance) as distance_miles,
            avg(air_time) as mean_air_time,
            avg(arr_delay) as mean_arr_delay
        from flights
        group by origin, dest
    )
select
    by_route.origin || '-' || by_route.dest as route,
    by_route.origin,
    by_route.dest as destination,
    airports.name as destination_name,
    by_route.distance_miles,
    by_route.flights,
    by_route.carriers,
    round(by_route.mean_air_time, 1) as mean_air_time_minutes,
    round(by_route.mean_arr_delay, 1) as mean_arr_delay_minutes
from by_route
left join airports on by_route.dest = airports.faa
