"""Judgment lists go in and come out of every form the same, and what is wrong is told with its place and value."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltrr_opensearch.cli.rated import FORMS
from ltrr_opensearch.errors import DataError
from ltrr_opensearch.judgment_lists.files import FORMATS, format_of, read_judgments, topics_beside, write_judgments
from ltrr_opensearch.judgment_lists.places import Line, pooled
from ltrr_opensearch.logged import Judgment

DRESS = 'red, "long" dress'
LIST = (Judgment(DRESS, "B1", 3.0), Judgment(DRESS, "B2", 0.0), Judgment("jeans", "B1", 1.0))
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=8)


def written(tmp_path: Path, name: str, text: str) -> Path:
    file = tmp_path / name
    file.write_text(text, encoding="utf-8")
    return file


def test_commands_offer_every_form() -> None:
    assert tuple(FORMATS) == FORMS


@pytest.mark.parametrize("form", list(FORMATS))
def test_what_is_written_is_read_again(tmp_path: Path, form: str) -> None:
    files = write_judgments(tmp_path / "list", LIST, form)
    assert all(file.exists() for file in files)
    assert read_judgments(files[0], form) == LIST


@given(st.lists(st.tuples(WORDS, WORDS, st.integers(0, 4)), min_size=1, unique_by=lambda row: row[:2]))
def test_any_words_survive_every_form(rows: list[tuple[str, str, int]]) -> None:
    judgments = [Judgment(query, id, float(grade)) for query, id, grade in rows]
    topics = {str(n): query for n, query in enumerate(dict.fromkeys(j.query for j in judgments))}
    for form in FORMATS.values():
        again = pooled(form.read(form.write(judgments, topics), "list", topics))
        assert sorted(again, key=repr) == sorted(judgments, key=repr)


@pytest.mark.parametrize(
    ("name", "form"),
    [("a.csv", "quepid"), ("a.json", "workbench"), ("a.jsonl", "lines"), ("a.txt", "trec"), ("qrels", "trec")],
)
def test_the_name_of_a_file_says_its_form(name: str, form: str) -> None:
    assert format_of(Path(name)) == form
    assert format_of(Path(name), "trec") == "trec"


def test_the_answer_of_the_workbench_is_read_as_what_is_put_there(tmp_path: Path) -> None:
    put = tmp_path / "put.json"
    write_judgments(put, LIST)
    source = json.loads(put.read_text()) | {"id": "5f45", "status": "COMPLETED", "metadata": {}}
    assert source["type"] == "IMPORT_JUDGMENT"
    assert source["judgmentRatings"][0]["ratings"][0] == {"docId": "B1", "rating": "3.000"}
    got = written(tmp_path, "got.json", json.dumps({"took": 3, "hits": {"hits": [{"_id": "5f45", "_source": source}]}}))
    assert read_judgments(got) == read_judgments(put) == LIST


def test_ratings_of_several_people_become_their_mean(tmp_path: Path) -> None:
    file = written(tmp_path, "a.csv", "query,docid,rating\ntv,1,3\ntv,2,0\ntv,1,2\n")
    assert read_judgments(file) == (Judgment("tv", "1", 2.5), Judgment("tv", "2", 0.0))


def test_junk_of_trec_counts_as_nothing_and_empty_ratings_of_quepid_are_no_ratings(tmp_path: Path) -> None:
    qrels = written(tmp_path, "qrels", "1 0 spam -2\n1 0 good 1\n")
    topics = written(tmp_path, "topics.tsv", "1\tred dress\n")
    rated = (Judgment("red dress", "spam", 0.0), Judgment("red dress", "good", 1.0))
    assert read_judgments(qrels, topics=topics) == rated
    csv = written(tmp_path, "a.csv", "Query,DocId,Rating,comment\ntv,1,,later\ntv,2,1,\n")
    assert read_judgments(csv) == (Judgment("tv", "2", 1.0),)


def test_grades_of_clicks_become_whole_where_whole_grades_are_needed(tmp_path: Path) -> None:
    clicks = (Judgment("tv", "1", 0.42, 0.9), Judgment("tv", "2", 0.14, 0.5))
    with pytest.raises(DataError, match=r"whole numbers, but document '1' of query 'tv' has 0.42; .* --levels 3"):
        write_judgments(tmp_path / "a.csv", clicks)
    write_judgments(tmp_path / "a.csv", clicks, levels=3)
    assert [j.grade for j in read_judgments(tmp_path / "a.csv")] == [3.0, 1.0]
    write_judgments(tmp_path / "a.jsonl", clicks)
    assert read_judgments(tmp_path / "a.jsonl") == clicks


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("a.csv", "query,docid\ntv,1\n", "a.csv, line 1: no column rating; needed: query, docid, rating"),
        ("a.csv", "", "a.csv, line 1: no column query, docid, rating"),
        ("a.csv", "query,docid,rating\ntv,1,3\ntv,2,good\n", "a.csv, line 3: rating 'good' is no number"),
        ("a.csv", "query,docid,rating\ntv,1,nan\n", "a.csv, line 2: rating 'nan' is not finite"),
        ("a.csv", "query,docid,rating\ntv,1,-1\n", "a.csv, line 2: rating '-1' is below 0"),
        ("a.csv", "query,docid,rating\nred, dress,1,3\n", "a.csv, line 2: 4 columns, the header has 3; quote"),
        ("a.csv", "query,docid,rating\n,1,3\n", "a.csv, line 2: the query is empty"),
        ("a.csv", "query,docid,rating\ntv,,3\n", "a.csv, line 2: no document id for query 'tv'"),
        ("a.csv", "query,docid,rating\ntv,1,0\n", "a.csv: none of 1 judgments is above 0"),
        ("qrels", "1 0 d\n", "qrels, line 1: 3 columns in '1 0 d'; a line of qrels is: topic 0 document grade"),
        ("qrels", "7 0 d 1\n", "qrels, line 1: topic '7' is not among the 1 topics"),
        ("qrels", "1 0 d high\n", "qrels, line 1: grade 'high' is no number"),
        ("a.json", "{", "a.json is no JSON"),
        ("a.json", "[]", "a.json has no judgmentRatings"),
        ("a.json", '{"judgmentRatings": [1]}', r"judgmentRatings[0]: no query with a list of ratings; got '1'"),
        ("a.json", '{"judgmentRatings": [{"query": "q", "ratings": [{"docId": 1}]}]}', "ratings[0]: no docId with a"),
        ("a.json", '{"status": "PROCESSING", "judgmentRatings": []}', "status of the list is 'PROCESSING'"),
        ("a.json", '{"hits": {"hits": []}}', "a.json holds 0 judgment lists (none)"),
        ("a.jsonl", '{"query": "tv"}\n', "a.jsonl, line 1: no id, grade in"),
        ("a.jsonl", "7\n", "a.jsonl, line 1: not an object"),
        ("a.jsonl", "{\n", "a.jsonl, line 1: no JSON"),
    ],
)
def test_what_is_wrong_is_told_with_line_and_value(tmp_path: Path, name: str, text: str, told: str) -> None:
    written(tmp_path, "qrels.topics.csv", "topic,query\n1,tv\n")
    with pytest.raises(DataError) as error:
        read_judgments(written(tmp_path, name, text))
    assert told in str(error.value)


def test_qrels_without_topics_and_topics_without_a_tab(tmp_path: Path) -> None:
    qrels = written(tmp_path, "qrels", "1 0 d 1\n")
    with pytest.raises(DataError, match=r"whose topics' queries are not in .*qrels.topics.csv; .* --topics FILE"):
        read_judgments(qrels)
    with pytest.raises(DataError, match=r"line 1: no tab in '1 tv'; give a topic, a tab and its query"):
        read_judgments(qrels, topics=written(tmp_path, "topics", "1 tv\n"))
    with pytest.raises(DataError, match="cannot be read"):
        read_judgments(tmp_path / "nowhere.csv")


def test_an_id_with_a_space_is_no_qrels(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="document 'a b' of query 'tv' has a space in its id"):
        write_judgments(tmp_path / "qrels", [Judgment("tv", "a b", 1.0)])


def test_the_topics_lie_beside(tmp_path: Path) -> None:
    _, topics = write_judgments(tmp_path / "my.qrels", LIST, "trec")
    assert topics == topics_beside(tmp_path / "my.qrels")
    assert topics.read_text().splitlines() == ["topic,query", '1,"red, ""long"" dress"', "2,jeans"]


def test_a_line_knows_its_place() -> None:
    (line,) = FORMATS["quepid"].read("query,docid,rating\ntv,1,3\n", "list", {})
    assert line == Line("list, line 2", Judgment("tv", "1", 3.0))
