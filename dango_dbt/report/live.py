"""Progress on a terminal: a line for each source, then dbt's nodes, redrawn while they change."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from threading import Event, Lock, Thread
from types import TracebackType
from typing import TYPE_CHECKING

from dango_dbt.progress import Progress
from dango_dbt.report.words import (
    clean,
    count,
    duration,
    failure_text,
    file_counts,
    node_label,
    node_name,
    notice,
    one_line,
)
from dango_dbt.results import BuildResult, FileResult, NodeResult, SyncResult

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table
    from typing_extensions import Self

    from dango_dbt.report.console import SerialConsole

__all__ = ["LiveProgress"]

#: Lines that are kept free: for dbt, for files, and for what is printed above.
_ROOM = 6


@dataclass
class _Source:
    name: str
    stage: str = ""
    rows: int = 0
    started: float = 0.0
    result: SyncResult | None = None


class LiveProgress(Progress):
    """Shows what is going on now; vanishes at its end, for the summary tells what was done.

    Use it in a `with`: on leaving, also by an exception, the cursor is as it was before. What is
    printed meanwhile, to stdout or stderr, from any thread, comes out above. So does what fails.

    Args:
        console: a terminal; see `console_on`.
    """

    def __init__(self, console: SerialConsole) -> None:
        from rich.live import Live
        from rich.spinner import Spinner

        self._console = console
        self._spinner = Spinner("dots", style="cyan")
        # Drawing takes the console's lock and then this one. So never print while holding it.
        self._lock = Lock()
        self._sources: dict[str, _Source] = {}
        self._files: str | None = None
        self._command: str | None = None
        self._total = 0
        self._done = 0
        self._running: dict[str, None] = {}
        self._live = Live(
            console=console,
            get_renderable=self._render,
            auto_refresh=False,
            transient=True,
            redirect_stdout=sys.stdout.isatty(),  # what is piped on stays in the pipe
        )
        self._ended = Event()
        self._drawing = Thread(target=self._draw_on, name="progress", daemon=True)

    def __enter__(self) -> Self:
        """Begin to draw."""
        with self._console:
            self._live.start()
        self._drawing.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Take away what was drawn."""
        try:
            self._ended.set()
            self._drawing.join(timeout=1)
            for stream in (sys.stdout, sys.stderr):
                stream.flush()  # a last line without its end
        finally:
            with self._console:
                self._live.stop()

    def draw(self) -> None:
        """Show the present state; happens by itself ten times a second."""
        with self._console:
            self._live.refresh()

    def _draw_on(self) -> None:
        while not self._ended.wait(0.1):
            self.draw()

    def sync_started(self, sources: list[str]) -> None:
        """Show the sources, waiting."""
        with self._lock:
            self._sources = {name: _Source(name) for name in sources}

    def source_stage(self, source: str, stage: str) -> None:
        """Show the stage."""
        with self._lock:
            state = self._sources.setdefault(source, _Source(source))
            state.stage = stage
            state.started = state.started or time.monotonic()

    def source_rows(self, source: str, rows: int) -> None:
        """Show the rows."""
        with self._lock:
            self._sources.setdefault(source, _Source(source)).rows = rows

    def source_finished(self, result: SyncResult) -> None:
        """Show what came of the source; why it failed is said at once, and stays."""
        with self._lock:
            self._sources.setdefault(result.name, _Source(result.name)).result = result
        if result.error:
            why = one_line(failure_text(result.error))
            self._print("✗", "red", f"{clean(result.name)}  {result.status}: {why}")

    def files_written(self, files: list[FileResult]) -> None:
        """Show how many files there are."""
        counts = f" ({file_counts(files)})" if files else ""
        with self._lock:
            self._files = f"generated {count(len(files), 'file')}{counts}"

    def build_started(self, command: str) -> None:
        """Show the command; it is the second one where packages were installed before."""
        with self._lock:
            self._command, self._total, self._done, self._running = command, 0, 0, {}

    def nodes_total(self, total: int) -> None:
        """Show the bar."""
        with self._lock:
            self._total = total

    def node_started(self, unique_id: str) -> None:
        """Name the node beside the bar."""
        with self._lock:
            self._running[unique_id] = None

    def node_finished(self, node: NodeResult) -> None:
        """Move the bar; what failed is said at once, and stays."""
        with self._lock:
            self._running.pop(node.unique_id, None)
            self._done += 1
        if node.failed:
            label, spent = node_label(node.unique_id), duration(node.seconds)
            self._print("✗", "red", f"{label}  {clean(node.status)}  {spent}")

    def build_finished(self, result: BuildResult) -> None:  # noqa: ARG002 - the summary tells it
        """Take the bar away."""
        with self._lock:
            self._command = None

    def warning(self, message: str) -> None:
        """Print it above; it stays. One with paragraphs is there to be copied from."""
        if "\n\n" not in message:
            self._print("!", "yellow", one_line(message))
            return
        from rich.text import Text

        text = notice(message, self._console.encoding)
        self._console.print(Text(f"{text}\n"), soft_wrap=True)

    def _print(self, mark: str, style: str, text: str) -> None:
        from rich.text import Text

        self._console.print(Text.assemble((mark, style), " ", text))

    def _render(self) -> RenderableType:
        from rich.console import Group
        from rich.text import Text

        with self._lock:
            parts: list[RenderableType] = []
            if self._sources:
                parts.append(self._source_table())
            if self._files:
                parts.append(Text.assemble(("✓", "green"), "  ", self._files))
            if self._command:
                parts.append(self._bar(self._command))
            return Group(*parts)

    def _source_table(self) -> Table:
        from rich.table import Table
        from rich.text import Text

        table = Table.grid(padding=(0, 2, 0, 0))
        for justify in ("left", "left", "left", "right", "right"):
            table.add_column(justify=justify, no_wrap=True)
        shown = list(self._sources.values())
        if len(shown) > max(self._console.height - _ROOM, 1):
            ended = sum(source.result is not None for source in shown)
            table.add_row("", Text(f"{ended:,} of {count(len(shown), 'source')}"))
            shown = [source for source in shown if source.stage and source.result is None]
        for source in shown:
            table.add_row(*self._source_row(source))
        return table

    def _source_row(self, source: _Source) -> list[RenderableType]:
        from rich.text import Text

        name, result = Text(clean(source.name)), source.result
        if result is None and not source.stage:
            return ["", name, Text("waiting", "dim")]
        if result is None:
            rows = Text(count(source.rows, "row") if source.rows else "")
            spent = Text(duration(time.monotonic() - source.started))
            return [self._spinner, name, Text(source.stage, "cyan"), rows, spent]
        spent = Text(duration(sum(result.seconds.values())))
        if result.status != "success":
            mark = Text("-", "dim") if result.status == "skipped" else Text("✗", "red")
            return [mark, name, Text(result.status), "", spent]
        tables, rows = count(len(result.tables), "table"), Text(count(result.rows, "row"))
        return [Text("✓", "green"), name, Text(tables), rows, spent]

    def _bar(self, command: str) -> Table:
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        row: list[RenderableType] = [self._spinner, Text(command)]
        if self._total:
            names = ", ".join(map(node_name, self._running))
            done = Text(f"{self._done}/{self._total} · {names}", overflow="ellipsis")
            row += [ProgressBar(self._total, min(self._done, self._total), width=20), done]
        elif not command.endswith("deps"):
            row.append(Text("reading the project", "dim"))
        table = Table.grid(padding=(0, 2, 0, 0))
        for _ in row:
            table.add_column(no_wrap=True)
        table.add_row(*row)
        return table
