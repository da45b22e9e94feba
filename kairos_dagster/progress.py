"""What the terminal shows while a run goes on. Progress goes to stderr, results to stdout."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.console import Console

from kairos.settings import Settings

if TYPE_CHECKING:
    from dagster import ExecuteInProcessResult

    from kairos_dagster.location import Step

MARKS = {"done": "[green]✓[/]", "failed": "[red]✗[/]"}


class Progress:
    """Shows which asset is being filled, and how long each took."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(stderr=True, highlight=False)
        self._status: Any = None

    def heading(self, text: str) -> None:
        """Say what comes next."""
        self.console.print(f"\n[bold]{text}[/]")

    def line(self, text: str) -> None:
        """Say one thing."""
        self.console.print(f"  {text}")

    def step(self, step: "Step") -> None:
        """Show a step that starts or ends."""
        if step.state == "start":
            if self._status is not None:
                self._status.update(f"  {step.name} …")
            return
        self.console.print(f"  {MARKS[step.state]} {step.name:<28} {step.seconds:6.1f} s")

    @contextmanager
    def running(self) -> Iterator[None]:
        """Keep a spinner while runs go on."""
        with self.console.status("  starting …") as status:
            self._status = status
            try:
                yield
            finally:
                self._status = None


def materialise(
    settings: Settings,
    assets: Sequence[str],
    *,
    progress: Progress,
    partitions: Sequence[str] = (),
    run_config: Mapping[str, Any] | None = None,
    only_changed: bool = False,
) -> "ExecuteInProcessResult":
    """Fill assets, show each as it is done, and return what came of it."""
    from kairos_dagster.runs import run_assets

    with progress.running():
        return run_assets(
            settings, assets, partitions=partitions, run_config=run_config, only_changed=only_changed, on_step=progress.step
        )
