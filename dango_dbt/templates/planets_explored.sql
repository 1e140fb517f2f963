with
    planets as (select * from {{ ref("stg_solar_system__planets") }}),
    moons as (select * from {{ ref("stg_solar_system__planets__moons") }}),
    visits as (select * from {{ ref("stg_solar_system__visits") }}),
    ranked_moons as (
        select
            _dlt_parent_id,
            name,
            diameter_km,
            row_number() over (
                partition by _dlt_parent_id order by diameter_km desc
            ) as size_rank
        from moons
    ),
    ranked_visits as (
        select
            planet,
            spacecraft,
            arrived_on,
            {{ dbt.datediff("launched_on", "arrived_on", "day") }} as travel_days,
            row_number() over (partition by planet order by arrived_on) as visit_rank
        from visits
    )
select
    planets.name as planet,
    planets.position,
    planets.kind,
    ranked_moons.name as largest_moon,
    round(100.0 * ranked_moons.diameter_km / planets.diameter_km, 1)
    as largest_moon_percent,
    ranked_visits.spacecraft as first_spacecraft,
    ranked_visits.arrived_on as first_arrived_on,
    ranked_visits.travel_days as first_travel_days
from planets
left join
    ranked_moons
    on planets._dlt_id = ranked_moons._dlt_parent_id
    and ranked_moons.size_rank = 1
left join
    ranked_visits
    on planets.name = ranked_visits.planet
    and ranked_visits.visit_rank = 1
