"""What was read last, so that a payload that is landed and then read into its table is parsed once."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Recent(Generic[Value]):
    """The values made last, as many as weigh `most` together.

    Args:
        most: What all that is kept may weigh; a value heavier than that is not kept.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[Hashable, tuple[Value, int]] = OrderedDict()
        self._weight = 0
        self._lock = Lock()

    def get(self, key: Hashable, make: Callable[[], Value], weigh: Callable[[Value], int]) -> Value:
        """Return the value kept under `key`, or make it and keep it."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key][0]
        made = make()
        self._keep(key, made, weigh(made))
        return made

    def _keep(self, key: Hashable, value: Value, weight: int) -> None:
        if weight > self._most:
            return
        with self._lock:
            if key not in self._kept:
                self._kept[key] = (value, weight)
                self._weight += weight
            while self._weight > self._most:
                _, (_, lightened) = self._kept.popitem(last=False)
                self._weight -= lightened
