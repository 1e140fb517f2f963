"""What all readers of JUnit XML take: Jenkins's junit-10.xsd, with GitLab's `file` and `line`."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

_COUNTS = {"tests", "failures", "errors", "skipped"}
_OUTCOMES = {"failure", "error", "skipped"}
_ATTRIBUTES = {
    "testsuites": ({"name", "time", *_COUNTS}, {"name"}),
    "testsuite": ({"name", "time", "timestamp", *_COUNTS}, {"name", *_COUNTS}),
    "testcase": ({"name", "classname", "time", "file", "line"}, {"name", "classname", "time"}),
    "failure": ({"message", "type"}, {"message"}),
    "error": ({"message", "type"}, {"message"}),
    "skipped": ({"message"}, set()),
    "system-out": (set(), set()),
}
_CHILDREN = {
    "testsuites": {"testsuite"},
    "testsuite": {"testcase"},
    "testcase": {*_OUTCOMES, "system-out"},
}


def check(root: ET.Element) -> None:
    """Fail where an element, an attribute, a count or a time is not as it must be."""
    assert root.tag == "testsuites"
    for element in root.iter():
        allowed, required = _ATTRIBUTES[element.tag]
        assert required <= set(element.attrib) <= allowed, element.attrib
        assert {child.tag for child in element} <= _CHILDREN.get(element.tag, set())
        if "time" in element.attrib:
            assert re.fullmatch(r"\d+\.\d{3}", element.attrib["time"])
    for case in root.iter("testcase"):
        assert len([child for child in case if child.tag in _OUTCOMES]) <= 1
    for counted in (root, *root):
        cases = list(counted.iter("testcase"))
        found = {"tests": len(cases)}
        for key, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            found[key] = sum(case.find(tag) is not None for case in cases)
        assert {key: int(counted.attrib[key]) for key in _COUNTS} == found
    names = [(case.get("classname"), case.get("name")) for case in root.iter("testcase")]
    assert len(names) == len(set(names))
