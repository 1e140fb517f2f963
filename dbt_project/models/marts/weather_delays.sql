with
    flights as (select * from {{ ref("stg_nyc_flights__flights") }}),
    weather as (select * from {{ ref("stg_nyc_flights__weather") }}),
    flights_in_weather as (
        select
            flights.dep_time,
            flights.dep_delay,
            case
                when weather.wind_speed is null
                then 'wind: not recorded'
                when weather.wind_speed < 10
                then 'wind: below 10 mph'
                when weather.wind_speed < 20
                then 'wind: 10 to 20 mph'
                else 'wind: 20 mph and more'
            end as wind_band,
            case
                when weather.visib is null
                then 'visibility: not recorded'
                when weather.visib < 2
                then 'visibility: below 2 miles'
                when weather.visib < 10
                then 'visibility: 2 to 10 miles'
                else 'visibility: 10 miles'
            end as visibility_band,
            case
                when weather.precip is null
                then 'precipitation: not recorded'
                when weather.precip = 0
                then 'precipitation: none'
                when weather.precip < 0.1
                then 'precipitation: below 0.1 inch'
                else 'precipitation: 0.1 inch and more'
            end as precipitation_band
        from flights
        left join
            weather
            on flights.time_hour = weather.time_hour
            and flights.origin = weather.origin
    ),
    banded as (
        select 'wind' as factor, wind_band as weather_band, dep_time, dep_delay
        from flights_in_weather
        union all
        select
            'visibility' as factor, visibility_band as weather_band, dep_time, dep_delay
        from flights_in_weather
        union all
        select
            'precipitation' as factor,
            precipitation_band as weather_band,
            dep_time,
            dep_delay
        from flights_in_weather
    )
select
    weather_band,
    factor,
    count(*) as flights,
    round(
        100.0 * count(case when dep_time is null then 1 end) / count(*), 1
    ) as cancelled_percent,
    round(
        100.0
        * count(case when dep_delay >= 15 then 1 end)
        / nullif(count(dep_delay), 0),
        1
    ) as late_percent,
    round(avg(dep_delay), 1) as mean_dep_delay_minutes
from banded
group by weather_band, factor
