"""What a source wants to be told → lines; never a value."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dango_dbt.configuring import Configuration
from dango_dbt.report.sections import Line
from dango_dbt.report.words import clean, count
from dango_dbt.results import Proof

__all__ = ["configuration_lines"]


def configuration_lines(
    found: Configuration, given: Sequence[str], written: Sequence[str], proof: Proof | None
) -> Iterator[Line]:
    """Say what was written, what is there, and what is still missing.

    Args:
        found: as it is now.
        given: the keys that were written.
        written: the files.
        proof: whether the source answered; None: it was not asked.
    """
    if written:
        yield Line((("~ ", "yellow"), f"{clean(', '.join(given))} → {', '.join(written)}"))
    for one in found.wanted:
        place = ".dlt/secrets.toml" if one.secret else ".dlt/config.toml"
        if one.state == "missing":
            yield Line(
                (("✗ ", "red"), f"{clean(one.name)} is missing", (f"  {clean(one.about)}", "dim"))
            )
        elif one.name not in given:
            where = f"the environment, as {one.variable}" if one.variable else place
            yield Line((("✓ ", "green"), f"{clean(one.name)} is in {where}"))
    if not found.wanted:
        yield Line((f"source `{found.source}` wants no credentials",))
    if proof is not None:
        yield from _proof_lines(found.source, proof)
    elif not found.missing:
        yield from _next(found.source)


def _next(source: str) -> Iterator[Line]:
    yield Line(())
    yield Line((("Next: ", "bold"), f"dango-dbt source discover {source}"))


def _proof_lines(source: str, proof: Proof) -> Iterator[Line]:
    if proof.error is not None:
        yield Line((("✗ ", "red"), f"`{source}` could not be read: {clean(proof.error)}"))
        if proof.hint:
            yield Line((("→ ", "dim"), clean(proof.hint)), 2)
        return
    of = f" of {clean(proof.resource)}" if proof.resource else ""
    yield Line((("✓ ", "green"), f"`{source}` answers: {count(proof.rows, 'row')}{of}"))
    if not proof.rows:
        yield Line((("! ", "yellow"), "see whether there is such data, and what is asked for"), 2)
    yield from _next(source)
