"""Loads the sources that are due by their schedules, and builds with dbt.

`dango-dbt deploy airflow` writes this file, and writes it anew when schedules have changed in
.dango/sources.yml. What is not due is not loaded, so it costs little to run it often.
"""

import shlex
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

try:
    from airflow.providers.standard.operators.bash import BashOperator
    from airflow.sdk import DAG
except ImportError:  # Airflow 2
    from airflow import DAG
    from airflow.operators.bash import BashOperator

#: The project's folder: put in its path if this file goes elsewhere.
PROJECT = Path("__PROJECT__")
#: The path of dango-dbt, where Airflow runs in another environment than dlt and dbt.
DANGO_DBT = "dango-dbt"
#: Airflow's Variables (Admin, Variables) that become environment variables of the same names.
VARIABLES = ("__VARIABLES__",)

with DAG(
    dag_id="__NAME__",
    description="Loads what is due with dlt, and builds with dbt",
    schedule="__SCHEDULE__",
    start_date=datetime(2024, 1, 1, tzinfo=ZoneInfo("UTC")),
    catchup=False,
    max_active_runs=1,
    tags=["dango-dbt"],
):
    BashOperator(
        task_id="sync_and_build",
        bash_command=f"{shlex.quote(DANGO_DBT)} __COMMAND__",
        cwd=str(PROJECT),
        env={name: f"{{{{ var.value.{name} }}}}" for name in VARIABLES},
        append_env=True,
    )
