"""A run as JUnit XML, which GitLab, Jenkins, Azure and actions for GitHub show as test results."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import PurePosixPath
from xml.etree import ElementTree as ET  # written only: nothing of others is parsed

from dango_dbt.report.words import clean, failure_text, node_name, one_line, outcome
from dango_dbt.results import BuildResult, Failure, NodeResult, RunResult, SyncResult

__all__ = ["to_junit"]

#: What XML 1.0 cannot hold, not even escaped: https://www.w3.org/TR/xml/#charsets
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_TEST_TYPES = frozenset({"test", "unit_test"})


def to_junit(result: RunResult, dbt_folder: str) -> bytes:
    """Give the run as a JUnit document: a test suite of sources, one of dbt nodes, one of tests.

    A test that finds something is a failure, as is a source that is held back; all else that goes
    wrong is an error. What ended the whole run, or is wrong with it, is in a suite named `run`. A
    suite is left out where the command has no such part.

    Args:
        result: the run; of one that was interrupted as much as is known.
        dbt_folder: the dbt project's folder as seen from the root, which files are named from.
    """
    suites = []
    if result.sources is not None:
        cases = [_source(source) for source in result.sources]
        suites.append(_suite("sources", cases))
    if result.build is not None:
        nodes, tests = _parts(result.build, dbt_folder)
        suites += [_suite("dbt nodes", nodes), _suite("dbt tests", tests)]
    if whole := list(_whole(result)):
        suites.append(_suite("run", whole))
    root = ET.Element("testsuites", name=f"dango-dbt {result.command}")
    for key in ("tests", "failures", "errors", "skipped"):
        root.set(key, str(sum(int(suite.get(key, "0")) for suite in suites)))
    root.set("time", f"{result.seconds:.3f}")
    root.extend(suites)
    ET.indent(root)
    text: str = ET.tostring(root, "unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n'.encode()


def _suite(name: str, cases: list[ET.Element]) -> ET.Element:
    suite = ET.Element("testsuite", name=name, tests=str(len(cases)))
    for key, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(key, str(sum(case.find(tag) is not None for case in cases)))
    suite.set("time", f"{sum(float(case.get('time', '0')) for case in cases):.3f}")
    suite.extend(cases)
    return suite


def _case(classname: str, name: str, seconds: float, file: str | None = None) -> ET.Element:
    case = ET.Element("testcase", classname=_xml(classname), name=_xml(name), time=f"{seconds:.3f}")
    if file:
        case.set("file", _xml(file))
    return case


def _source(source: SyncResult) -> ET.Element:
    place = source.error.place if source.error else None
    file = place.path.as_posix() if place else ".dango/sources.yml"
    case = _case("sources", source.name, sum(source.seconds.values()), file)
    if place and place.line:
        case.set("line", str(place.line))
    if source.status == "skipped":
        _add(case, "skipped", None, _why(source.error) or "not loaded")
    elif source.status == "held":
        text = _why(source.error) or "held back: a breaking change waits to be accepted"
        _add(case, "failure", "held", text)
    elif source.status == "failed":
        error = source.error
        _add(case, "error", error.type if error else None, _why(error) or "failed")
    return case


def _parts(build: BuildResult, dbt_folder: str) -> tuple[list[ET.Element], list[ET.Element]]:
    """Give the cases of nodes, and those of tests."""
    names = Counter(node_name(node.unique_id) for node in build.nodes)
    cases: tuple[list[ET.Element], list[ET.Element]] = ([], [])
    for node in build.nodes:
        kind, _, rest = node.unique_id.partition(".")
        project, _, full = rest.partition(".")
        name = node_name(node.unique_id)
        file = str(PurePosixPath(dbt_folder, node.path)) if node.path else None
        # tests that differ only in the hash of their id are two all the same
        case = _case(f"{project}.{kind}", name if names[name] == 1 else full, node.seconds, file)
        _add_outcome(case, node)
        cases[kind in _TEST_TYPES].append(case)
    if build.error:
        case = _case("dbt", "dbt build", 0.0)
        _add(case, "error", build.error.type, _why(build.error) or "")
        cases[0].append(case)
    elif build.status == "not_run" and build.reason and not build.nodes:
        case = _case("dbt", "dbt build", 0.0)
        _add(case, "skipped", None, f"not run: {build.reason}")
        cases[0].append(case)
    return cases


def _add_outcome(case: ET.Element, node: NodeResult) -> None:
    came_out, message = outcome(node), node.message or node.status
    if came_out == "fail":
        _add(case, "failure", node.status, message)
    elif came_out == "error":
        _add(case, "error", node.status, message)
    elif came_out == "skip":
        _add(case, "skipped", None, message)
    elif came_out == "warn":
        ET.SubElement(case, "system-out").text = _xml(f"warning: {message}")


def _whole(result: RunResult) -> Iterable[ET.Element]:
    """Give a case for all that makes the run fail and is in no part of it."""
    if result.error:
        place = result.error.place
        file = place.path.as_posix() if place else None
        case = _case("run", result.command, result.seconds, file)
        if place and place.line:
            case.set("line", str(place.line))
        _add(case, "error", result.error.type, _why(result.error) or "")
        yield case
    for written in result.files or ():
        if written.action == "conflict":
            case = _case("run", written.path, 0.0, written.path)
            _add(case, "failure", "conflict", "what is generated is in conflict with your edits")
            yield case


def _why(failure: Failure | None) -> str | None:
    if failure is None:
        return None
    hint = f"\n→ {failure.hint}" if failure.hint else ""
    return failure_text(failure) + hint


def _add(case: ET.Element, tag: str, kind: str | None, text: str) -> None:
    """Add what became of a case: in one line as `message`, and as it is as text."""
    found = ET.SubElement(case, tag, message=_xml(one_line(text)))
    if kind:
        found.set("type", _xml(kind))
    if tag != "skipped":
        found.text = _xml(clean(text))


def _xml(text: str) -> str:
    return _NOT_XML.sub("\ufffd", clean(text))
