"""An example source: the planets, their larger moons, and some of the spacecraft that went there.

It needs no network. What it shows: keys, lists inside of rows (dlt makes a table of them), a
reference from one table to another, descriptions. All of it arrives in dbt, as columns, docs and
tests. Figures are NASA's (https://nssdc.gsfc.nasa.gov/planetary/factsheet), dates are UTC.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import dlt

# name, kind, diameter in km, distance from the sun in million km, days for one orbit
PLANETS = [
    ("Mercury", "terrestrial", 4_879, 57.9, 88.0),
    ("Venus", "terrestrial", 12_104, 108.2, 224.7),
    ("Earth", "terrestrial", 12_756, 149.6, 365.2),
    ("Mars", "terrestrial", 6_792, 228.0, 687.0),
    ("Jupiter", "gas giant", 142_984, 778.5, 4_331.0),
    ("Saturn", "gas giant", 120_536, 1_432.0, 10_747.0),
    ("Uranus", "ice giant", 51_118, 2_867.0, 30_589.0),
    ("Neptune", "ice giant", 49_528, 4_515.0, 59_800.0),
]

# by planet: name, diameter in km, discoverer, year of discovery
MOONS = {
    "Earth": [("Moon", 3_475, None, None)],
    "Mars": [("Phobos", 22, "Asaph Hall", 1877), ("Deimos", 12, "Asaph Hall", 1877)],
    "Jupiter": [
        ("Io", 3_643, "Galileo Galilei", 1610),
        ("Europa", 3_122, "Galileo Galilei", 1610),
        ("Ganymede", 5_268, "Galileo Galilei", 1610),
        ("Callisto", 4_821, "Galileo Galilei", 1610),
    ],
    "Saturn": [
        ("Titan", 5_150, "Christiaan Huygens", 1655),
        ("Iapetus", 1_469, "Giovanni Domenico Cassini", 1671),
        ("Rhea", 1_528, "Giovanni Domenico Cassini", 1672),
        ("Enceladus", 504, "William Herschel", 1789),
    ],
    "Uranus": [
        ("Titania", 1_578, "William Herschel", 1787),
        ("Oberon", 1_523, "William Herschel", 1787),
    ],
    "Neptune": [("Triton", 2_707, "William Lassell", 1846)],
}

# spacecraft, planet, way of visiting, launch, arrival
VISITS = [
    ("Mariner 2", "Venus", "flyby", "1962-08-27", "1962-12-14"),
    ("Mariner 4", "Mars", "flyby", "1964-11-28", "1965-07-15"),
    ("Venera 7", "Venus", "lander", "1970-08-17", "1970-12-15"),
    ("Pioneer 10", "Jupiter", "flyby", "1972-03-03", "1973-12-04"),
    ("Pioneer 11", "Jupiter", "flyby", "1973-04-06", "1974-12-03"),
    ("Pioneer 11", "Saturn", "flyby", "1973-04-06", "1979-09-01"),
    ("Mariner 10", "Venus", "flyby", "1973-11-03", "1974-02-05"),
    ("Mariner 10", "Mercury", "flyby", "1973-11-03", "1974-03-29"),
    ("Viking 1", "Mars", "lander", "1975-08-20", "1976-07-20"),
    ("Voyager 2", "Jupiter", "flyby", "1977-08-20", "1979-07-09"),
    ("Voyager 2", "Saturn", "flyby", "1977-08-20", "1981-08-26"),
    ("Voyager 2", "Uranus", "flyby", "1977-08-20", "1986-01-24"),
    ("Voyager 2", "Neptune", "flyby", "1977-08-20", "1989-08-25"),
    ("Galileo", "Jupiter", "orbiter", "1989-10-18", "1995-12-08"),
    ("Cassini", "Saturn", "orbiter", "1997-10-15", "2004-07-01"),
    ("MESSENGER", "Mercury", "orbiter", "2004-08-03", "2011-03-18"),
    ("Juno", "Jupiter", "orbiter", "2011-08-05", "2016-07-05"),
    ("Perseverance", "Mars", "rover", "2020-07-30", "2021-02-18"),
]


@dlt.source
def solar_system() -> Any:  # noqa: ANN401 - dlt's resources
    """The planets, and some of the spacecraft that went there."""

    @dlt.resource(
        write_disposition="replace",
        primary_key="name",
        columns={
            "name": {"description": "Name of the planet."},
            "position": {"description": "1 for the planet next to the sun."},
            "kind": {"description": "Terrestrial planet, gas giant or ice giant."},
            "diameter_km": {"description": "Diameter at the equator."},
            "distance_million_km": {"description": "Mean distance from the sun."},
            "orbit_days": {"description": "Earth days that one orbit takes."},
        },
        nested_hints={
            "moons": dlt.mark.make_hints(
                # with types: the first moon has no discoverer, which would tell dlt nothing
                columns={
                    "name": {"data_type": "text", "description": "Name of the moon."},
                    "diameter_km": {"data_type": "bigint", "description": "Mean diameter."},
                    "discovered_by": {
                        "data_type": "text",
                        "description": "Discoverer; null for our own moon.",
                    },
                    "discovered_in": {"data_type": "bigint", "description": "Year of discovery."},
                },
                additional_table_hints={"description": "Larger moons of each planet."},
            )
        },
    )
    def planets() -> Iterator[dict[str, Any]]:
        """Planets of the solar system."""
        for position, (name, kind, diameter, distance, orbit) in enumerate(PLANETS, start=1):
            yield {
                "name": name,
                "position": position,
                "kind": kind,
                "diameter_km": diameter,
                "distance_million_km": distance,
                "orbit_days": orbit,
                "moons": [
                    {
                        "name": moon,
                        "diameter_km": moon_diameter,
                        "discovered_by": discoverer,
                        "discovered_in": year,
                    }
                    for moon, moon_diameter, discoverer, year in MOONS.get(name, ())
                ],
            }

    @dlt.resource(
        write_disposition="replace",
        primary_key=["spacecraft", "planet"],
        references=[
            {"columns": ["planet"], "referenced_table": "planets", "referenced_columns": ["name"]}
        ],
        columns={
            "spacecraft": {"description": "Name of the spacecraft."},
            "planet": {"description": "Planet that it reached."},
            "kind": {"description": "Way of visiting: flyby, orbiter, lander or rover."},
            "launched_on": {"description": "Day on which it left the Earth."},
            "arrived_on": {"description": "Day of closest approach, orbit insertion or landing."},
        },
    )
    def visits() -> Iterator[dict[str, Any]]:
        """Visits of spacecraft to planets: the first to each planet, and some later ones."""
        for spacecraft, planet, kind, launched_on, arrived_on in VISITS:
            yield {
                "spacecraft": spacecraft,
                "planet": planet,
                "kind": kind,
                "launched_on": date.fromisoformat(launched_on),
                "arrived_on": date.fromisoformat(arrived_on),
            }

    return planets, visits


if __name__ == "__main__":
    # tries the source on its own: python custom_sources/solar_system.py
    dlt.pipeline("solar_system_trial", destination="duckdb").run(solar_system())
