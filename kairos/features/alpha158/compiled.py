"""Keeps a compiled kernel with the package, for as long as no file with a kernel changes.

numba's own cache looks at the file of the function alone and would go on with the old code of the functions that it calls.
The kernel is kept beside its source, or in the user's cache where the package may not be written; where neither may, every
process compiles it for itself.
"""

from collections.abc import Callable
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import cast

import numba as nb
from numba.core.caching import CompileResultCacheImpl, FunctionCache, InTreeCacheLocator, UserWideCacheLocator

HERE = Path(__file__).resolve().parent
NO_KERNELS = {"__init__.py", "built.py", "declared.py", "fast.py", "reference.py"}


@cache
def _stamp() -> str:
    """Return what the source files of the kernels come to."""
    files = sorted(file for file in HERE.glob("*.py") if file.name not in NO_KERNELS)
    return sha256(b"".join(file.name.encode() + file.read_bytes() for file in files)).hexdigest()


class _BesideSource(InTreeCacheLocator):  # type: ignore[misc]
    def get_source_stamp(self) -> str:
        return _stamp()


class _OfUser(UserWideCacheLocator):  # type: ignore[misc]
    def get_source_stamp(self) -> str:
        return _stamp()


class _Kept(CompileResultCacheImpl):  # type: ignore[misc]
    _locator_classes = (_BesideSource, _OfUser)


class _KeptFunction(FunctionCache):  # type: ignore[misc]
    _impl_class = _Kept


def kept(function: Callable[..., None], signature: tuple[object, ...]) -> Callable[..., None]:
    """Return the function compiled for one signature, when it is first called, from the cache if it is there."""
    dispatcher = nb.njit(nogil=True, error_model="numpy")(function)
    if any(locator.from_function(function, str(HERE / "kernel.py")) for locator in _Kept._locator_classes):  # noqa: SLF001
        dispatcher._cache = _KeptFunction(function)  # noqa: SLF001 - numba has no public way to say when its cache is stale
    dispatcher.compile(signature)
    return cast("Callable[..., None]", dispatcher)
