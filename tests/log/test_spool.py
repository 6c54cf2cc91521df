from __future__ import annotations

import resource
from pathlib import Path

import orjson
import pytest

from ltrr_opensearch.errors import SettingsError
from ltrr_opensearch.log.bulk import Outcome, Record, Verdict, from_line, outcomes, record, to_line
from ltrr_opensearch.log.spool import Spool
from ltrr_opensearch.types import Json


def some(count: int, start: int = 0) -> list[Record]:
    return [record("i", str(n), {"text": f"tab\t newline\n {n}"}) for n in range(start, start + count)]


def test_records_come_back_in_order_also_after_a_restart(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 10**6)
    assert spool.append(some(3)) == 3
    spool.close()
    again = Spool(tmp_path, 10**6)
    assert again.append(some(2, start=3)) == 2
    first, second = again.files()
    assert again.read(first) == (some(3), 0)
    again.keep(first, [])
    assert again.read(second) == (some(2, start=3), 0)
    again.keep(second, some(1, start=4))
    assert again.files() == [second]
    assert again.read(second) == (some(1, start=4), 0)
    again.keep(second, [])
    assert again.empty
    assert again.files() == []
    again.close()


def test_a_torn_line_is_left_out_and_counted(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 10**6)
    spool.append(some(2))
    spool.close()
    file = next(tmp_path.glob("*/*.spool"))
    file.write_bytes(file.read_bytes()[:-9])
    again = Spool(tmp_path, 10**6)
    assert again.read(file) == (some(1), 1)
    again.close()


def test_a_disk_that_fills_keeps_whole_records_or_none(tmp_path: Path) -> None:
    """The limit on a file's size stands in for a full disk: a write stops half-way, the next fails."""
    line = len(to_line(some(1)[0]))
    spool = Spool(tmp_path, 10**6)
    assert spool.append(some(2)) == 2
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (3 * line + 5, limits[1]))
    try:
        assert spool.append(some(2, start=2)) == 0
        assert spool.size == 2 * line
        assert spool.append(some(1, start=4)) == 1, "in a file of its own"
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert [spool.read(file) for file in spool.files()] == [(some(2), 0), (some(1, start=4), 0)]
    spool.close()


def test_it_is_bounded(tmp_path: Path) -> None:
    line = len(to_line(some(1)[0]))
    spool = Spool(tmp_path, 3 * line + 1)
    assert spool.append(some(5)) == 3
    assert spool.append(some(1)) == 0
    assert spool.size == 3 * line
    spool.close()


def test_two_writers_share_a_folder_and_the_next_takes_over_what_one_left(tmp_path: Path) -> None:
    first, second = Spool(tmp_path, 10**6), Spool(tmp_path, 10**6)
    assert first.folder != second.folder
    second.append(some(1))
    second.close()
    first.close()
    third = Spool(tmp_path, 10**6)
    assert [third.read(file) for file in third.files()] == [(some(1), 0)]
    third.close()


def test_refused_records_are_kept_with_their_reason_up_to_a_size(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 4000)
    spool.bury([(r, "400 mapping") for r in some(50)])
    letters = (spool.folder / "refused.ndjson").read_bytes().splitlines()
    assert 1 <= len(letters) < 50
    first = orjson.loads(letters[0])
    assert first == {"reason": "400 mapping", "action": {"create": {"_index": "i", "_id": "0"}}} | {
        "document": {"text": "tab\t newline\n 0"}
    }
    spool.close()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match=r"log\.spool_dir .*file.* cannot be written"):
        Spool(tmp_path / "file", 10)


def test_damaged_lines_are_told() -> None:
    line = to_line(some(1)[0])
    assert from_line(line) == some(1)[0]
    assert from_line(line[:20] + b"x" + line[21:]) is None
    assert from_line(b"") is None


def item(status: int, kind: str = "", reason: str = "") -> Json:
    return {"create": {"status": status, **({"error": {"type": kind, "reason": reason}} if kind else {})}}


@pytest.mark.parametrize(
    ("answered", "means"),
    [
        (item(201), Outcome(Verdict.WRITTEN)),
        (item(409, "version_conflict"), Outcome(Verdict.WRITTEN, twin=True)),
        (item(429, "rejected", "full"), Outcome(Verdict.RETRY, "429 rejected: full")),
        (
            item(403, "cluster_block_exception", "index [i]"),
            Outcome(Verdict.RETRY, "403 cluster_block_exception: index [i]"),
        ),
        (item(404, "index_not_found_exception", "i"), Outcome(Verdict.RETRY, "404 index_not_found_exception: i")),
        (item(400, "index_closed_exception", "i"), Outcome(Verdict.RETRY, "400 index_closed_exception: i")),
        (item(400, "mapper_parsing", "bad"), Outcome(Verdict.REFUSED, "400 mapper_parsing: bad")),
    ],
)
def test_what_an_answer_means(answered: Json, means: Outcome) -> None:
    assert outcomes({"items": [answered]}, 1) == [means]


def test_an_answer_of_another_length_says_nothing() -> None:
    assert {found.verdict for found in outcomes({}, 2)} == {Verdict.RETRY}
