"""The Python packages installed in this environment: requirements, classifiers and files.

Real data, nested, and there on every machine. All columns are declared with their types, so that
the tables look the same whatever is installed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.utils import getaddresses
from importlib.metadata import Distribution, distributions
from pathlib import PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING, Any

import dlt
from packaging.markers import Marker, UndefinedComparison, UndefinedEnvironmentName
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from importlib.metadata import PackageMetadata

    from dlt.common.data_types import TDataType
    from dlt.common.schema.typing import TTableSchemaColumns
    from dlt.extract.hints import TResourceNestedHints
    from dlt.sources import DltResource


def _columns(**columns: tuple[TDataType, str]) -> TTableSchemaColumns:
    """Turn `name=(type, description)` into dlt's column hints."""
    return {
        name: {"name": name, "data_type": data_type, "description": description}
        for name, (data_type, description) in columns.items()
    }


PACKAGES = _columns(
    name=("text", "Name of the package, normalised: lower case, words joined by hyphens."),
    version=("text", "Installed version."),
    summary=("text", "What the package says that it is for."),
    author=("text", "Names of the authors, or else their addresses."),
    license=("text", "License as the package states it, first line only."),
    requires_python=("text", "Versions of Python that the package supports, such as >=3.10."),
    home_page=("text", "Web page of the project."),
    size_bytes=("bigint", "Size of all files as installed; null where the installer kept no list."),
    file_count=("bigint", "Number of files; null where the installer kept no list."),
)

REQUIREMENTS = _columns(
    requirement=("text", "The whole requirement as the package states it."),
    name=("text", "Name of the required package, normalised; null where it cannot be parsed."),
    specifier=("text", "Versions that satisfy the requirement; null where any does."),
    extras=("text", "Extras of the required package that are asked for, comma-separated."),
    marker=("text", "Condition under which the requirement applies; null where it always does."),
    for_extras=("text", "Extras of this package that bring the requirement, comma-separated."),
    applies_here=("bool", "Whether it applies in this environment with no extra asked for."),
)

CLASSIFIERS = _columns(
    classifier=("text", "The whole classifier, such as Programming Language :: Python :: 3."),
    category=("text", "Its first part, such as Programming Language."),
)

FILES = _columns(
    path=("text", "Path, relative to the folder that packages are installed into."),
    size_bytes=("bigint", "Size when it was installed; null where not recorded."),
    hash=("text", "Checksum when it was installed, such as sha256=…; null where not recorded."),
)


@dlt.source
def python_packages() -> DltResource:
    """The Python packages installed in this environment."""

    @dlt.resource(
        write_disposition="replace",
        primary_key="name",
        columns=PACKAGES,
        nested_hints={
            "requirements": _nested("What a package needs, one row a requirement.", REQUIREMENTS),
            "classifiers": _nested("Classifiers that a package gives itself.", CLASSIFIERS),
            "files": _nested("Files that a package has installed.", FILES),
        },
    )
    def packages() -> Iterator[dict[str, Any]]:
        """Installed packages, by normalised name."""
        seen = set()
        for distribution in distributions():
            package = _package(distribution)
            # the first on the path is the one that `import` finds
            if package is not None and package["name"] not in seen:
                seen.add(package["name"])
                yield package

    return packages()


def _nested(description: str, columns: TTableSchemaColumns) -> TResourceNestedHints:
    return dlt.mark.make_hints(columns=columns, additional_table_hints={"description": description})


def _package(distribution: Distribution) -> dict[str, Any] | None:
    """Describe one package; None for what a broken installation left behind."""
    headers = distribution.metadata
    name = _header(headers, "Name") if headers else None
    if name is None:
        return None
    files = _files(distribution)
    return {
        "name": canonicalize_name(name),
        "version": _header(headers, "Version"),
        "summary": _header(headers, "Summary"),
        "author": _header(headers, "Author") or _names(_header(headers, "Author-email")),
        "license": _header(headers, "License-Expression") or _header(headers, "License"),
        "requires_python": _header(headers, "Requires-Python"),
        "home_page": _header(headers, "Home-page") or _project_url(headers, "homepage"),
        "size_bytes": None if files is None else sum(file["size_bytes"] or 0 for file in files),
        "file_count": None if files is None else len(files),
        "requirements": [_requirement(text) for text in distribution.requires or ()],
        "classifiers": [
            {"classifier": text, "category": text.split(" :: ")[0]}
            for text in headers.get_all("Classifier") or ()
        ],
        "files": files or [],
    }


def _header(headers: PackageMetadata, key: str) -> str | None:
    """Read one header, first line only; None where it is missing or empty."""
    lines = headers[key].strip().splitlines() if key in headers else []
    return lines[0].strip() if lines and lines[0] != "UNKNOWN" else None


def _names(emails: str | None) -> str | None:
    """Shorten `Ada <ada@example.org>, bob@example.org` to `Ada, bob@example.org`."""
    people = getaddresses([emails]) if emails else []
    return ", ".join(name or address for name, address in people) or None


def _project_url(headers: PackageMetadata, label: str) -> str | None:
    """Find the address that is listed under a label, which packages spell as they like."""
    for line in headers.get_all("Project-URL") or ():
        name, _, address = str(line).partition(",")
        if re.sub(r"[\W_]", "", name).lower() == label:
            return address.strip()
    return None


def _requirement(text: str) -> dict[str, Any]:
    """Take a requirement apart; one that does not parse keeps its text only."""
    try:
        requirement = Requirement(text)
    except InvalidRequirement:
        return {"requirement": text}
    marker = requirement.marker
    return {
        "requirement": text,
        "name": canonicalize_name(requirement.name),
        "specifier": str(requirement.specifier) or None,
        "extras": ", ".join(sorted(requirement.extras)) or None,
        "marker": str(marker) if marker else None,
        "for_extras": ", ".join(re.findall(r'extra == "([^"]+)"', str(marker))) or None,
        "applies_here": _applies(marker),
    }


def _applies(marker: Marker | None) -> bool | None:
    """Evaluate a marker with no extra asked for; None where it makes no sense."""
    if marker is None:
        return True
    try:
        return marker.evaluate({"extra": ""})
    except (UndefinedComparison, UndefinedEnvironmentName):
        return None


def _files(distribution: Distribution) -> list[dict[str, Any]] | None:
    """List a package's files; an absolute path says more of the machine than of the package."""
    if distribution.files is None:
        return None
    return [
        {
            "path": file.as_posix(),
            "size_bytes": file.size,
            "hash": f"{file.hash.mode}={file.hash.value}" if file.hash else None,
        }
        for file in distribution.files
        if not PurePosixPath(file).is_absolute() and not PureWindowsPath(file).is_absolute()
    ]


if __name__ == "__main__":
    dlt.pipeline("python_packages", destination="duckdb", dataset_name="raw_python_packages").run(
        python_packages(), loader_file_format="parquet"
    )
