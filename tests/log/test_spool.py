from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from ltrr_opensearch.errors import SettingsError
from ltrr_opensearch.log.bulk import Record, Verdict, from_line, record, to_line, verdicts
from ltrr_opensearch.log.spool import Spool


def some(count: int, start: int = 0) -> list[Record]:
    return [record("i", str(n), {"text": f"tab\t newline\n {n}"}) for n in range(start, start + count)]


def test_records_come_back_in_order_also_after_a_restart(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 10**6)
    assert spool.append(some(3)) == 3
    spool.close()
    again = Spool(tmp_path, 10**6)
    assert again.append(some(2, start=3)) == 2
    found = again.oldest()
    assert found
    assert found[1:] == (some(3), 0)
    again.keep(found[0], [])
    rest = again.oldest()
    assert rest
    assert rest[1] == some(2, start=3)
    again.keep(rest[0], rest[1][1:])
    left = again.oldest()
    assert left
    assert left[1] == some(1, start=4)
    again.keep(left[0], [])
    assert again.empty
    assert again.oldest() is None
    again.close()


def test_a_torn_line_is_left_out_and_counted(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 10**6)
    spool.append(some(2))
    spool.close()
    file = next(tmp_path.glob("*/*.spool"))
    file.write_bytes(file.read_bytes()[:-9])
    again = Spool(tmp_path, 10**6)
    found = again.oldest()
    assert found
    assert found[1:] == (some(1), 1)
    again.close()


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
    found = third.oldest()
    assert found
    assert found[1] == some(1)
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


def test_what_an_answer_means() -> None:
    answer = {
        "items": [
            {"create": {"status": 201}},
            {"create": {"status": 409, "error": {"type": "version_conflict"}}},
            {"create": {"status": 429, "error": {"type": "rejected", "reason": "full"}}},
            {"create": {"status": 400, "error": {"type": "mapper_parsing_exception", "reason": "bad date"}}},
        ]
    }
    assert verdicts(answer, 4) == [
        (Verdict.WRITTEN, ""),
        (Verdict.WRITTEN, ""),
        (Verdict.RETRY, "429 rejected: full"),
        (Verdict.REFUSED, "400 mapper_parsing_exception: bad date"),
    ]
    assert {v for v, _ in verdicts({}, 2)} == {Verdict.RETRY}
