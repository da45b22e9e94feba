"""Requests to stop that cannot get lost.

Dagster raises them wherever the process happens to be. Inside a destructor or a callback of the garbage collector Python
prints such an exception and drops it; the run would go on to its end.
"""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TypeVar

import dagster as dg

Given = TypeVar("Given")
Made = TypeVar("Made")
SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Requests:
    """The requests to stop that have come in so far."""

    def __init__(self) -> None:
        self._heard = False

    def hear(self) -> None:
        """Remember one."""
        self._heard = True

    def obey(self) -> None:
        """Stop if there was one.

        Raises:
            DagsterExecutionInterruptedError: There was.
        """
        if self._heard:
            raise dg.DagsterExecutionInterruptedError

    def before(self, work: Callable[[Given], Made]) -> Callable[[Given], Made]:
        """Return `work`, begun only if there was none."""

        def obedient(given: Given) -> Made:
            self.obey()
            return work(given)

        return obedient


@contextmanager
def requests_to_stop() -> Iterator[Requests]:
    """Remember every request to stop that comes in within the block, besides what is done about it anyway."""
    requests = Requests()
    if threading.current_thread() is not threading.main_thread():
        yield requests  # signals reach the main thread alone
        return
    before = {number: signal.getsignal(number) for number in SIGNALS}

    def handle(number: int, frame: FrameType | None) -> None:
        requests.hear()
        handler = before[signal.Signals(number)]
        if callable(handler):
            handler(number, frame)

    try:
        for number, handler in before.items():
            if callable(handler):
                signal.signal(number, handle)
        yield requests
    finally:
        for number, handler in before.items():
            if callable(handler):
                signal.signal(number, handler)
