"""`deploy`: writes the file with which a platform runs the project by its schedules."""

from dango_dbt.deploy.deploying import deploy
from dango_dbt.deploy.rendering import PLATFORMS, Platform, first_workflow

__all__ = ["PLATFORMS", "Platform", "deploy", "first_workflow"]
