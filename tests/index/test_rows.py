from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from ltrr_opensearch.errors import DataError
from ltrr_opensearch.index.rows import count_rows, read_rows


def test_every_line_is_a_document_or_has_a_reason(tmp_path: Path) -> None:
    file = tmp_path / "d.jsonl"
    file.write_text('{"id": 1, "t": "a"}\n\nnot json\n[1]\n{"t": "no id"}\n{"id": "2"}\n')
    rows = list(read_rows(file, "id"))
    assert [(r.line, r.id) for r in rows if not r.error] == [(1, "1"), (6, "2")]
    assert [r.line for r in rows if r.error] == [3, 4, 5]
    assert "not JSON" in rows[1].error
    assert "list" in rows[2].error
    assert "id field id" in rows[3].error
    assert count_rows(file) == 5


def test_without_an_id_field_equal_lines_are_one_document(tmp_path: Path) -> None:
    file = tmp_path / "d.jsonl.gz"
    file.write_bytes(gzip.compress(b'{"t": "a"}\n{"t": "a"}\n{"t": "b"}\n'))
    ids = [r.id for r in read_rows(file, None)]
    assert ids[0] == ids[1] != ids[2]


def test_csv_columns_are_numbers_only_where_every_cell_is(tmp_path: Path) -> None:
    file = tmp_path / "d.csv"
    file.write_text('sku,name,price,ean\n1,"two\nlines",9.5,0123\n2,,10,456\n3,short\n')
    rows = list(read_rows(file, "sku"))
    assert rows[0].document == {"sku": "1", "name": "two\nlines", "price": 9.5, "ean": "0123"}
    assert rows[1].document == {"sku": "2", "price": 10, "ean": "456"}
    assert "4 columns" in rows[2].error
    assert count_rows(file) == 3


def test_a_refused_record_has_no_say_in_the_type_of_a_column(tmp_path: Path) -> None:
    file = tmp_path / "d.csv"
    file.write_text("sku,price,stock\n1,9.5,3\n2,on request\n,unknown,none\n4,10,5\n5,11,6,too many\n")
    rows = list(read_rows(file, "sku"))
    assert [r.document for r in rows if not r.error] == [
        {"sku": "1", "price": 9.5, "stock": 3},
        {"sku": "4", "price": 10, "stock": 5},
    ]
    assert [(r.line, r.error) for r in rows if r.error] == [
        (3, "has not the 3 columns of the heading"),
        (4, "no value in the id field sku"),
        (6, "has not the 3 columns of the heading"),
    ]


def test_an_unknown_kind_of_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "d.xml"
    file.write_text("<a/>")
    with pytest.raises(DataError, match=r"d\.xml: unknown kind of file"):
        list(read_rows(file, None))


PACKED = gzip.compress(b'{"t": "a"}\n' * 1000, mtime=0)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("d.csv", "sku,name\n1,caf\u00e9\n".encode("latin-1"), "save it as UTF-8"),
        ("d.jsonl.gz", b'{"t": "a"}\n', "take the .gz off its name"),
        ("d.jsonl.gz", PACKED[:-20], "run again with the whole file"),
        ("d.csv", b"sku;name;price\n1;a;2\n", "'sku;name;price' is one column; separate columns by commas"),
        ("d.csv", b"", "is empty"),
        ("d.csv", b"sku\n" + b"x" * 200_000, "correct that record"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_before_anything_is_loaded(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    with pytest.raises(DataError) as refused:
        count_rows(file)
    assert str(refused.value).startswith(str(file))
    assert said in str(refused.value)
