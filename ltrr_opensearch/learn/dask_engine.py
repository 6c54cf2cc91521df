"""An existing Dask cluster as the engine of learning. The only file that touches `distributed`, which is an extra.

Its workers need this package in the scheduler's own versions of Python and Dask, and reach the search cluster.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from ltrr_opensearch import __version__
from ltrr_opensearch.errors import MissingExtra, SettingsError, Unreachable
from ltrr_opensearch.learn.engines import AHEAD, Answer, Engine, Task

PATIENCE = "10s"


class Dask:
    def __init__(self, client: Any) -> None:
        self._client = client
        self._most = max(1, sum(client.nthreads().values())) * AHEAD

    def map(self, function: Callable[[Task], Answer], tasks: Iterable[Task]) -> Iterator[Answer]:
        waiting: deque[Any] = deque()
        try:
            for task in tasks:
                waiting.append(self._client.submit(function, task, pure=False))
                if len(waiting) >= self._most:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            self._client.cancel(list(waiting))


@contextmanager
def dask(scheduler: str | None) -> Iterator[Engine]:
    """The cluster of a scheduler like `tcp://scheduler:8786`, whose workers run what we run."""
    try:
        from distributed import Client
    except ImportError as error:
        raise MissingExtra("distributed", "dask") from error
    if not scheduler:
        raise SettingsError("learn.engine dask needs learn.dask_scheduler, an address like tcp://scheduler:8786")
    try:
        client = Client(scheduler, timeout=PATIENCE, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise Unreachable(
            f"no Dask scheduler answers at learn.dask_scheduler {scheduler} within {PATIENCE} ({error}); start one "
            "with `dask scheduler`, or learn on this machine with learn.engine: local"
        ) from error
    with client:
        _check_workers(client, scheduler)
        yield Dask(client)


def _check_workers(client: Any, scheduler: str) -> None:
    """Refuses workers of other versions: they would unpickle something else, or read the log in another way."""
    if not client.nthreads():
        raise Unreachable(f"the Dask scheduler {scheduler} has no workers; start some: dask worker {scheduler}")
    try:
        client.get_versions(check=True)
    except ValueError as error:
        raise SettingsError(f"versions differ between us, {scheduler} and its workers: {error}") from error
    for worker, version in client.run(_version, on_error="return").items():
        if version != __version__:
            raise SettingsError(
                f"Dask worker {worker} has ltrr-opensearch {version!r}, we have {__version__}; install the same there"
            )


def _version() -> str:
    return __version__
