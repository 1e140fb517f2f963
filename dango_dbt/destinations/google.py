"""Logging in to BigQuery: fields of a dbt target → what dlt is to be told."""

from __future__ import annotations

import base64
import json
from binascii import Error as NotBase64
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dango_dbt.destinations.fields import Fields
from dango_dbt.destinations.server import Login

__all__ = ["bigquery"]

_SPECS = "dlt.common.configuration.specs"
_KNOWN = "`oauth`, `oauth-secrets`, `service-account`, `service-account-json`"
#: What dbt asks for, unless the target says otherwise.
_SCOPES = (
    "https://www.googleapis.com/auth/bigquery",
    "https://www.googleapis.com/auth/cloud-platform",
    "https://www.googleapis.com/auth/drive",
)


def bigquery(fields: Fields) -> Login:
    """A service account's key, tokens, or what the machine has; each may take on another account.

    Raises:
        ConfigError: dlt cannot log in so, or a field is missing or wrong.
    """
    method = fields.text("method")
    project = fields.get("database")
    settings: dict[str, Any] = {"project_id": project} if project else {}
    if location := fields.get("location"):
        settings["location"] = location
    job_project = {"project_id": fields.get("execution_project") or project}
    if method in {"service-account", "service-account-json"}:
        info = _key_file(fields) if method == "service-account" else _key_text(fields)
        if not fields.get("impersonate_service_account"):
            job_project["project_id"] = job_project["project_id"] or info.get("project_id")
            names = ("private_key", "private_key_id", "client_email", "token_uri")
            known = {name: info[name] for name in names if name in info}
            spec = f"{_SPECS}:GcpServiceAccountCredentials"
            return Login(spec, {**known, **job_project}, settings=settings)
    elif method == "oauth-secrets":
        info = {}
        if not fields.get("token"):
            fields.need("refresh_token", "client_id", "client_secret")
    elif method == "oauth":
        info = {}
    else:
        raise fields.unknown_login("method", method, _KNOWN)
    native = _native(method, info, fields)
    job_project["project_id"] = job_project["project_id"] or native.quota_project_id
    spec = f"{_SPECS}.gcp_credentials:GcpDefaultCredentials"
    return Login(spec, job_project, native=native, settings=settings)


def _key_file(fields: Fields) -> Mapping[str, Any]:
    fields.need("keyfile")
    path = fields.existing("keyfile")
    try:
        return _service_account(json.loads(Path(path).read_text(encoding="utf-8")), fields)
    except (OSError, ValueError) as error:
        raise fields.refusal(
            f"names a `keyfile` that is no JSON: {path}", "take the file that Google gave you"
        ) from error


def _key_text(fields: Fields) -> Mapping[str, Any]:
    """Read `keyfile_json`, a mapping or one as JSON in base64."""
    fields.need("keyfile_json")
    given = fields.get("keyfile_json")
    if isinstance(given, str):
        try:
            text = given if given.lstrip().startswith("{") else base64.b64decode(given).decode()
            given = json.loads(text)
        except (NotBase64, ValueError) as error:
            raise fields.refusal(
                "has a `keyfile_json` that is neither a mapping nor JSON in base64",
                "take what is in the file that Google gave you",
            ) from error
    return _service_account(given, fields)


def _service_account(info: Any, fields: Fields) -> Mapping[str, Any]:  # noqa: ANN401 - any JSON
    if not isinstance(info, Mapping) or not {"private_key", "client_email"} <= info.keys():
        raise fields.refusal(
            "has no key of a service account (`private_key` and `client_email`)",
            "take what is in the file that Google gave you",
        )
    return {**info, "private_key": info["private_key"].replace("\\n", "\n")}


def _native(method: str, info: Mapping[str, Any], fields: Fields) -> Any:  # noqa: ANN401 - Google's
    """Make Google's own credentials, as dbt does.

    Raises:
        ConfigError: the machine has none, or they are not as Google wants them.
    """
    import google.auth
    from google.auth import impersonated_credentials
    from google.auth.exceptions import GoogleAuthError
    from google.oauth2 import credentials, service_account

    scopes = list(fields.get("scopes") or _SCOPES)
    try:
        made: Any
        if method == "oauth":
            made, _ = google.auth.default(scopes=scopes)
        elif method == "oauth-secrets":
            names = ("token", "refresh_token", "client_id", "client_secret", "token_uri")
            given = fields.taken({name: name for name in names})
            made = credentials.Credentials(given.pop("token", None), **given, scopes=scopes)
        else:
            made = service_account.Credentials.from_service_account_info(info, scopes=scopes)
        if principal := fields.get("impersonate_service_account"):
            made = impersonated_credentials.Credentials(made, principal, scopes)
    except (GoogleAuthError, ValueError) as error:
        raise fields.refusal(
            f"cannot log in with `method: {method}`: {type(error).__name__}",
            "run `gcloud auth application-default login`, or mend the fields in profiles.yml",
        ) from error
    return made
