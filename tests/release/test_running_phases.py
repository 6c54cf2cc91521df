from __future__ import annotations

from ltrr_opensearch.errors import DataError, Unreachable
from ltrr_opensearch.phase_settings import PhaseName
from ltrr_opensearch.proxy.metrics import Metrics
from ltrr_opensearch.release.running_phases import RunningPhases


def test_what_was_read_last_holds_and_the_unknown_is_careful() -> None:
    answers: list[PhaseName | Exception] = [
        Unreachable("away"),
        DataError("is bold; set one"),
        "live",
        Unreachable("away"),
        "share",
    ]
    metrics = Metrics()

    def read(_: str) -> PhaseName:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    phases = RunningPhases(read, ["shop"], 1.0, metrics.phase)
    assert phases.current("shop") == "shadow"
    phases.refresh()
    assert (phases.current("shop"), phases.faults) == ("shadow", [])
    phases.refresh()
    assert phases.faults == ["is bold; set one; until then it is served as in phase shadow"]
    phases.refresh()
    assert (phases.current("shop"), phases.faults) == ("live", [])
    phases.refresh()
    assert phases.current("shop") == "live"
    assert b'ltrr_phase{index="shop",phase="live"} 1.0' in metrics.exposition()
    phases.refresh()
    shown = metrics.exposition()
    assert b'ltrr_phase{index="shop",phase="share"} 1.0' in shown
    assert b'phase="live"' not in shown, "what is over is not shown"


async def test_it_reads_while_it_runs() -> None:
    told: list[tuple[str, PhaseName]] = []
    phases = RunningPhases(lambda _: "share", ["shop"], 60.0, lambda index, phase: told.append((index, phase)))
    async with phases.run():
        assert phases.current("shop") == "share"
    assert told == [("shop", "share")]
