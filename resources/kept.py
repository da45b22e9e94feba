"""What several steps of a run need: made by the first that asks, and kept until something else of its kind is asked for."""

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

T = TypeVar("T")


class Kept:
    """The newest of each kind."""

    def __init__(self) -> None:
        self._held: dict[str, tuple[Hashable, Any]] = {}

    def of(self, kind: str, key: Hashable, make: Callable[[], T]) -> T:
        """Return what is kept of a kind if it is of this key, else what `make` returns.

        Args:
            kind: One of each is kept.
            key: What it follows from.
            make: Makes it; nobody changes it afterwards.
        """
        known = self._held.get(kind)
        if known is None or known[0] != key:
            self._held.pop(kind, None)  # frees it before the next is made
            known = self._held[kind] = (key, make())
        found: T = known[1]
        return found
