with
    flights as (select * from {{ ref("stg_nyc_flights__flights") }}),
    airlines as (select * from {{ ref("stg_nyc_flights__airlines") }}),
    by_carrier as (
        select
            carrier,
            count(*) as flights,
            count(case when dep_time is null then 1 end) as cancelled_flights,
            count(case when arr_delay >= 15 then 1 end) as late_flights,
            count(arr_delay) as completed_flights,
            avg(dep_delay) as mean_dep_delay,
            avg(arr_delay) as mean_arr_delay
        from flights
        group by carrier
    )
select
    by_carrier.carrier,
    airlines.name as airline,
    by_carrier.flights,
    by_carrier.cancelled_flights,
    by_carrier.late_flights,
    round(
        100.0 * by_carrier.cancelled_flights / by_carrier.flights, 1
    ) as cancelled_percent,
    round(
        100.0 * by_carrier.late_flights / nullif(by_carrier.completed_flights, 0), 1
    ) as late_percent,
    round(by_carrier.mean_dep_delay, 1) as mean_dep_delay_minutes,
    round(by_carrier.mean_arr_delay, 1) as mean_arr_delay_minutes
from by_carrier
left join airlines on by_carrier.carrier = airlines.carrier
