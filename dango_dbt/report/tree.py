"""The joined graph of dlt's resources and dbt's nodes → a tree, JSON and Mermaid."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field

from dango_dbt.findings import GraphMember, JoinedGraph
from dango_dbt.report.sections import Line
from dango_dbt.report.words import clean

__all__ = ["graph_json", "graph_mermaid", "tree_lines"]

_STYLES = {"resource": "cyan", "source": "green", "exposure": "yellow"}
#: dbt calls a source's table a source.
_WORDS = {"source": "table"}
#: What Mermaid's quoted texts cannot hold: https://mermaid.js.org/syntax/flowchart.html
_ENTITIES = str.maketrans({"#": "#35;", '"': "#quot;", "<": "#lt;", ">": "#gt;", "`": "#96;"})


def tree_lines(found: JoinedGraph) -> list[Line]:
    """One line a member, below what it comes from; what is below several is drawn out once."""
    lines = list(_Tree(found).lines())
    lines += [
        Line(((f"source {clean(name)}", "dim"), "  never loaded: its tables are not known yet"))
        for name in found.never_generated
    ]
    shown = {member.name.partition(".")[0] for member in found.members if member.disabled}
    lines += [
        Line(((f"source {clean(name)}", "dim"), "  disabled, and never loaded"))
        for name in found.disabled
        if name not in shown
    ]
    return lines or [Line(("nothing is selected",))]


def graph_json(found: JoinedGraph) -> str:
    """Give the graph as a JSON document, without a newline at its end."""
    document = {
        "command": "ls",
        "target": found.target,
        "nodes": [asdict(member) for member in found.members],
        "never_generated": list(found.never_generated),
        "disabled": list(found.disabled),
    }
    return json.dumps(document, indent=2)


def graph_mermaid(found: JoinedGraph) -> str:
    """Give the graph as a flowchart of Mermaid's, without a newline at its end."""
    keys = {member.id: f"n{index}" for index, member in enumerate(found.members)}
    shapes = {"resource": ("([", "])"), "source": ("[(", ")]"), "exposure": ("{{", "}}")}
    lines = ["flowchart LR"]
    for member in found.members:
        begin, end = shapes.get(member.kind, ("[", "]"))
        name = " ".join(clean(member.name).split()).translate(_ENTITIES)
        name += " (disabled)" if member.disabled else ""
        lines.append(f'    {keys[member.id]}{begin}"{name}"{end}')
    for member in found.members:
        lines += [f"    {keys[parent]} --> {keys[member.id]}" for parent in member.parents]
    return "\n".join(lines)


@dataclass
class _Tree:
    found: JoinedGraph
    drawn: set[str] = field(default_factory=set)

    def lines(self) -> Iterator[Line]:
        children: dict[str, list[GraphMember]] = {}
        for member in self.found.members:
            for parent in member.parents:
                children.setdefault(parent, []).append(member)
        for member in self.found.members:
            if not member.parents:
                yield from self.below(member, children, "", "")

    def below(
        self,
        member: GraphMember,
        children: Mapping[str, Sequence[GraphMember]],
        first: str,
        rest: str,
    ) -> Iterator[Line]:
        """Draw a member and what comes of it.

        Args:
            member: what to draw.
            children: what comes of each member.
            first: what stands before it in its own line.
            rest: what stands before all that is below it.
        """
        below = children.get(member.id, ())
        again = member.id in self.drawn and bool(below)
        kind = clean(_WORDS.get(member.kind, member.kind).replace("_", " "))
        style = _STYLES.get(member.kind, "")
        note = "  (disabled)" if member.disabled else ""
        note += "  (see above)" if again else ""
        yield Line(((first, "dim"), f"{kind} ", (clean(member.name), style), (note, "dim")))
        if again:
            return
        self.drawn.add(member.id)
        for index, child in enumerate(below):
            last = index == len(below) - 1
            branch, line = ("└─ ", "   ") if last else ("├─ ", "│  ")
            yield from self.below(child, children, rest + branch, rest + line)
