import gzip
import hashlib
import io
import json
import zipfile
from pathlib import Path
from urllib.error import URLError

import pytest

from ltrr_opensearch.demo import data, download
from ltrr_opensearch.errors import DataError

PRODUCTS: list[dict[str, object]] = [
    {"id": "1", "title": "one", "img_low": "http://x", "product_vector": [0.1]},
    {"id": "2", "title": "two"},
    {"id": "3", "title": "three"},
]
RATINGS = (
    "query,docid,name,description,agent_1_rating,agent_2_rating,agent_3_rating,final_rating\n"
    'fan,1,"a, b",x,3,2,1,2\nfan,2,a,x,0,0,0,0\nlamp,2,a,x,1,0,0,0\n'
)


@pytest.fixture
def icecat(tmp_path: Path) -> Path:
    with gzip.open(tmp_path / data.PRODUCT_FILE, "wt") as out:
        out.writelines(json.dumps(p) + "\n" for p in PRODUCTS)
    (tmp_path / data.RATING_FILE).write_text(RATINGS)
    return tmp_path


def test_rater_one_moves_the_users_and_the_others_judge(icecat: Path) -> None:
    catalogue = data.load(icecat)
    assert catalogue.users["fan"] == {"1": 3, "2": 0}
    assert catalogue.judges["fan"] == {"1": 2, "2": 0}
    assert catalogue.queries == ("fan",), "nobody who judges found anything for lamp"


@pytest.mark.parametrize(("second", "third", "grade"), [(0, 0, 0), (0, 1, 1), (1, 2, 2), (3, 0, 2), (3, 3, 3)])
def test_judged_grade_rounds_halves_up(second: int, third: int, grade: int) -> None:
    assert data.judged_grade(second, third) == grade


def test_a_limit_keeps_all_rated_products(icecat: Path) -> None:
    kept = data.load(icecat, limit=2).products
    assert [p["id"] for p in kept] == ["1", "2"]
    assert data.load(icecat, limit=3) == data.load(icecat, limit=3)


def test_the_split_is_fixed_and_about_sixty_to_forty() -> None:
    queries = [f"query {i}" for i in range(2000)]
    share = sum(map(data.has_traffic, queries)) / len(queries)
    assert abs(share - data.TRAFFIC_SHARE) < 0.04
    assert data.has_traffic("laptop") is True
    assert data.has_traffic("ipad") is False


def test_a_broken_product_line_is_named(icecat: Path) -> None:
    with gzip.open(icecat / data.PRODUCT_FILE, "at") as out:
        out.write('{"title": "no id"}\n')
    with pytest.raises(DataError, match="line 4"):
        data.load(icecat)


def test_a_rating_that_is_no_number_is_named(icecat: Path) -> None:
    (icecat / data.RATING_FILE).write_text(RATINGS + "fan,3,a,x,good,0,0,0\n")
    with pytest.raises(DataError, match="line 5"):
        data.load(icecat)


def test_ltrr_data_without_icecat_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LTRR_DATA", str(tmp_path))
    with pytest.raises(DataError, match="LTRR_DATA"):
        data.find(tmp_path)
    (tmp_path / "icecat").mkdir()
    (tmp_path / "icecat" / data.PRODUCT_FILE).write_bytes(b"")
    with pytest.raises(DataError, match=rf"there is no \S+{data.RATING_FILE}; put it there, or unset LTRR_DATA"):
        data.find(tmp_path)


@pytest.mark.parametrize("damage", [slice(0, -9), slice(3, None)])
def test_a_damaged_product_file_is_named(icecat: Path, damage: slice) -> None:
    file = icecat / data.PRODUCT_FILE
    file.write_bytes(file.read_bytes()[damage])
    with pytest.raises(DataError, match=r"cannot be read to its end.*fetch it again"):
        data.load(icecat)


def archive(products: list[dict[str, object]]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as file:
        file.writestr("1.json", json.dumps(products))
    return content.getvalue()


def test_download_converts_checks_and_keeps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = {"a.zip": archive(PRODUCTS), "r.csv": RATINGS.encode()}
    digests = {name: hashlib.sha256(body).hexdigest() for name, body in content.items()}
    monkeypatch.setattr(download, "PRODUCTS", {"a.zip": digests["a.zip"]})
    monkeypatch.setattr(download, "RATINGS", {"r.csv": digests["r.csv"]})
    asked: list[str] = []

    def get(url: str) -> bytes:
        asked.append(url)
        return content[url.removeprefix("base/")]

    folder = download.download(tmp_path / "icecat", "base/", get)
    with gzip.open(folder / data.PRODUCT_FILE, "rt") as lines:
        first = json.loads(next(lines))
    assert first == {"id": "1", "title": "one"}
    download.download(folder, "base/", get)
    assert asked == ["base/a.zip", "base/r.csv"], "the second time nothing is fetched"


def test_a_changed_download_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="sha256"):
        download.download(tmp_path, "base/", lambda _: b"something else")


def test_a_failed_download_says_what_to_do(tmp_path: Path) -> None:
    def fail(_: str) -> bytes:
        raise URLError("no route to host")

    with pytest.raises(DataError, match=r"base/\S+zip: no route to host\. Without a network.*LTRR_DATA"):
        download.download(tmp_path, "base/", fail)
