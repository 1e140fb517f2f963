"""Loads the sources that are due by their schedules, and builds with dbt.

`dango-dbt deploy dagster` writes this file, and writes it anew when schedules have changed in
.dango/sources.yml. What is not due is not loaded, so it costs little to run it often.
"""

import os
import subprocess
from pathlib import Path

from dagster import (
    DagsterRunStatus,
    DefaultScheduleStatus,
    Definitions,
    EnvVar,
    Failure,
    OpExecutionContext,
    RunRequest,
    RunsFilter,
    ScheduleEvaluationContext,
    SkipReason,
    job,
    op,
    schedule,
)

#: The project's folder: put in its path if this file goes elsewhere.
PROJECT = Path("__PROJECT__")
#: The path of dango-dbt, where dagster runs in another environment than dlt and dbt.
DANGO_DBT = "dango-dbt"
ARGUMENTS = ("__ARGUMENTS__",)
#: Environment variables of the deployment that have to be set.
VARIABLES = ("__VARIABLES__",)


@op(name="__NAME___sync_and_build")
def sync_and_build(context: OpExecutionContext) -> None:
    """Run the command; what it prints goes to the run's log."""
    if missing := [name for name in VARIABLES if not EnvVar(name).get_value()]:
        raise Failure(f"not set: {', '.join(missing)}")
    with subprocess.Popen(
        [DANGO_DBT, *ARGUMENTS],
        cwd=PROJECT,
        env=dict(os.environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        for line in process.stdout or ():
            context.log.info(line.rstrip())
    if process.returncode:
        raise Failure(f"dango-dbt ended with exit code {process.returncode}")


@job(name="__NAME__")
def dango() -> None:
    """Load what is due, and build."""
    sync_and_build()


@schedule(
    name="__NAME___schedule",
    job=dango,
    cron_schedule="__SCHEDULE__",
    execution_timezone="UTC",
    default_status=DefaultScheduleStatus.RUNNING,
)
def one_at_a_time(context: ScheduleEvaluationContext) -> RunRequest | SkipReason:
    """Start no run where the last one is still under way."""
    statuses = [
        DagsterRunStatus.QUEUED,
        DagsterRunStatus.NOT_STARTED,
        DagsterRunStatus.STARTING,
        DagsterRunStatus.STARTED,
    ]
    runs = RunsFilter(job_name=dango.name, statuses=statuses)
    running = context.instance.get_runs_count(runs)
    return SkipReason("the last run is still under way") if running else RunRequest()


defs = Definitions(jobs=[dango], schedules=[one_at_a_time])
