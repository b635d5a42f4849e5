"""Progress: how many of how many are done in, a bar out while standard error is a terminal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

OnProgress = Callable[[int], None]


@contextmanager
def bar(what: str, total: int, *, every: int = 1) -> Iterator[OnProgress]:
    """Give what is told how many are done; it draws each `every`th of them, and the last."""
    console = Console(stderr=True)
    columns = (
        *(TextColumn("{task.description}"), BarColumn()),
        *(MofNCompleteColumn(), TimeRemainingColumn()),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as drawing:
        task = drawing.add_task(what, total=total)

        def on_progress(done: int) -> None:
            if done % every == 0 or done == total:
                drawing.update(task, completed=done)

        yield on_progress
