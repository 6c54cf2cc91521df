"""The searches of a window, read once by several workers and handed on in the order of time, a stretch at a time.

Which of them count depends on all of them (see `reward`), so they wait in a temporary file, without what only a ranker
learns from; in memory are a few hundred bytes of each, however many there are, and one stretch.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from tempfile import SpooledTemporaryFile
from typing import IO

from opensearchpy import OpenSearch

from ltrr_opensearch.choose.direct import NAME as DIRECT
from ltrr_opensearch.choose_settings import ChooseSettings
from ltrr_opensearch.cluster.admin import connect
from ltrr_opensearch.learn.engines import engine
from ltrr_opensearch.learn.join import read_joined, rounds_of, selected, visit
from ltrr_opensearch.learn.packing import packed, unpacked
from ltrr_opensearch.learn.partition import stretches
from ltrr_opensearch.learn.read import Window
from ltrr_opensearch.learn.reward import Visit
from ltrr_opensearch.learn.unknown import count_unknown
from ltrr_opensearch.logged import Round
from ltrr_opensearch.settings import Settings

FIRST = 10
"""Candidates kept of every plan, beside what was shown or acted upon."""
IN_MEMORY = 2**20
"""Bytes of waiting searches before they go to disk."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A task: what is to be read."""

    settings: Settings
    index: str
    window: Window


@dataclass(frozen=True, slots=True)
class Told:
    """An answer: the searches with their events, packed, and the little of each by which it is seen who counts."""

    searches: bytes
    visits: list[Visit]
    read: int
    counts: Counter[str]


def first(choose: ChooseSettings) -> int:
    """How many of each plan are kept: all of them for a policy that remembers how deep things stood."""
    return choose.ladder[-1] if choose.policy == DIRECT else FIRST


def read_stretch(task: Stretch) -> Told:
    """Reads on a connection of its own: what a worker does."""
    with connect(task.settings.cluster, reads_much=True) as client:
        return read_with(client, task)


def read_with(client: OpenSearch, task: Stretch) -> Told:
    counts: Counter[str] = Counter()
    state, learn = task.settings.state, task.settings.learn
    joined = read_joined(client, state, learn, task.index, task.window, counts, first=first(task.settings.choose))
    visits = [visit(one, learn) for one in joined]
    return Told(packed(joined), visits, len(joined), counts)


class Backlog:
    """Read when made, handed on as often as one likes; a file is held open until it is closed."""

    def __init__(
        self,
        client: OpenSearch,
        settings: Settings,
        index: str,
        window: Window,
        counts: Counter[str],
        progress: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._settings, self._uncounted = settings, counts
        self._file: IO[bytes] = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - closed by `close`
        self._sizes: list[int] = []
        cut = stretches(client, settings.state.prefix, index, window)
        tasks = [Stretch(settings, index, one) for one in cut]
        try:
            with ThreadPoolExecutor(1) as beside:  # the cluster has time for it while documents are understood here
                sampled = Counter[str]()
                unknown = beside.submit(count_unknown, client, settings.state, window, sampled)
                visits = self._read(client, tasks, counts, progress)
                unknown.result()
        except BaseException:
            self.close()
            raise
        counts.update(sampled)
        self._chosen = selected(visits, settings.learn, counts)
        self.left_out = self._chosen.floods | self._chosen.capped
        """Query_ids of searches that do not count."""
        self._times = sorted(v.at for v in visits if v.query_id not in self.left_out)

    def _read(
        self, client: OpenSearch, tasks: Sequence[Stretch], counts: Counter[str], progress: Callable[[int], None]
    ) -> list[Visit]:
        visits: list[Visit] = []
        with ExitStack() as stack:
            if len(tasks) == 1 and self._settings.learn.engine == "local":
                answers: Iterator[Told] = (read_with(client, task) for task in tasks)
            else:
                answers = stack.enter_context(engine(self._settings.learn, len(tasks))).map(read_stretch, tasks)
            for told in answers:
                self._sizes.append(self._file.write(told.searches))
                visits += told.visits
                counts.update(told.counts)
                progress(told.read)
        return visits

    def count(self, after: datetime | None) -> int:
        """How many rounds were searched after a time."""
        return len(self._times) - (bisect_right(self._times, after) if after else 0)

    def since(self, after: datetime | None) -> Iterator[list[Round]]:
        """The rounds of each stretch that were searched after a time, where there are any."""
        counts, self._uncounted = self._uncounted, Counter()
        place = 0
        for size in self._sizes:
            self._file.seek(place)
            place += size
            made = rounds_of(unpacked(self._file.read(size)), self._chosen, self._settings.learn, counts)
            if fresh := [one for one in made if after is None or one.decision.at > after]:
                yield fresh

    def close(self) -> None:
        self._file.close()
