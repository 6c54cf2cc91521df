from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from ltrr_opensearch.configuration import load_settings
from ltrr_opensearch.errors import SettingsError
from ltrr_opensearch.settings import ClusterSettings, Settings

ROOT = Path(__file__).parents[1]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ltrr.yml"


def mistakes(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as raised:
        load_settings(path, {})
    return str(raised.value).replace(str(path), "ltrr.yml")


def test_without_a_file_there_are_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_settings(None, {}) == Settings()


def test_a_file_here_or_in_the_environment_is_found(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.write_text("serve: {port: 9301}")
    assert load_settings(None, {"LTRR_CONFIG": str(path)}).serve.port == 9301
    monkeypatch.chdir(path.parent)
    assert load_settings(None, {}).serve.port == 9301


def test_the_environment_fills_what_the_file_leaves_out(path: Path) -> None:
    path.write_text("cluster: {username: from-file}\n")
    environ = {"OPENSEARCH_URL": "http://c:9200", "OPENSEARCH_USERNAME": "env", "OPENSEARCH_PASSWORD": "secret"}
    cluster = load_settings(path, environ).cluster
    assert (cluster.url, cluster.username) == ("http://c:9200", "from-file")
    assert cluster.password is not None
    assert cluster.password.get_secret_value() == "secret"


@pytest.mark.parametrize("url", ["http://u:hidden@host:9200", "u:hidden@host"])
def test_an_account_in_the_url_is_refused_and_not_shown(path: Path, url: str) -> None:
    said = mistakes(path, f"cluster: {{url: '{url}'}}")
    path.write_text("")
    with pytest.raises(SettingsError) as raised:
        load_settings(path, {"OPENSEARCH_URL": url})
    with pytest.raises(ValidationError) as bare:
        ClusterSettings(url=url)
    for message in (said, str(raised.value), str(bare.value)):
        assert "names an account; use cluster.username and cluster.password" in message
        assert "hidden" not in message


@pytest.mark.parametrize("secret", ["''", "' '"])
def test_an_empty_secret_is_refused(path: Path, secret: str) -> None:
    said = mistakes(path, f"state: {{secret: {secret}}}")
    assert "ltrr.yml:1: state.secret: is empty, so that everybody knows it; any other text is allowed" in said


@pytest.mark.parametrize("name", ["ltrr.example.yml", "docker/ltrr.yml"])
def test_our_own_files_load(name: str) -> None:
    assert load_settings(ROOT / name, {})


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "serve:\n"])
def test_an_empty_file_or_section_is_no_mistake(path: Path, text: str) -> None:
    path.write_text(text)
    assert load_settings(path, {}) == Settings()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("serve:\n  prot: 1\n", "ltrr.yml:2: serve.prot: unknown key; did you mean port? (allowed: context_headers, "),
        ("clutser: {}\n", "ltrr.yml:1: clutser: unknown key; did you mean cluster? (allowed: admin, choose, "),
        ("serve:\n  port: 70000\n", "ltrr.yml:2: serve.port: Input should be less than or equal to 65535; got 70000"),
        (
            "cluster: {url: 'c:9200'}\n",
            "ltrr.yml:1: cluster.url: String should match pattern '^https?://.'; got 'c:9200'",
        ),
        ("indexes:\n  a:\n    vector: {}\n", "ltrr.yml:2: indexes.a.text_fields: missing; it has no default"),
        (
            "indexes:\n  a:\n    text_fields: {t: 1}\n    vector: {engine: nmslib}\n",
            "ltrr.yml:4: indexes.a.vector.engine: Input should be 'lucene' or 'faiss'; got 'nmslib'",
        ),
        (
            "indexes:\n  a:\n    text_fields: {t: 1}\n    strategies:\n      - {name: a, use: b, depth: 3}\n",
            "ltrr.yml:5: indexes.a.strategies.0.depth: unknown key (allowed: name, options, use)",
        ),
        (
            "indexes:\n  a:\n    text_fields: {t: 1}\n    vector: {dimensions: 3}\n",
            "ltrr.yml:4: indexes.a.vector.dimensions: unknown key; did you mean dimension? (allowed: ",
        ),
        ("choose:\n  ladder: [0, 50, 10]\n", "ltrr.yml:1: choose: ladder must start with 0 and rise, like"),
        ("serve:\n  port: 1\n  port: 2\n", "ltrr.yml:3: port: given before on line 2; keep one of the two"),
        ("- serve\n", "ltrr.yml: expected sections (cluster, serve, admin, "),
        ("serve: [\n", "ltrr.yml: this is not YAML: "),
        ("cluster: 7\n", "ltrr.yml:1: cluster: Input should be a valid dictionary or instance of ClusterSettings"),
    ],
)
def test_a_mistake_names_file_line_key_value_and_what_is_allowed(path: Path, text: str, expected: str) -> None:
    assert expected in mistakes(path, text)


def test_all_mistakes_are_told_at_once(path: Path) -> None:
    assert len(mistakes(path, "serve: {port: x, hots: y}\nlog: {sample_rate: 2}\n").splitlines()) == 3


def test_a_wrong_password_is_not_printed(path: Path) -> None:
    assert "hunter" not in mistakes(path, "cluster:\n  password: [hunter2]\n")


def test_a_file_that_is_not_there_or_not_text(path: Path) -> None:
    with pytest.raises(SettingsError, match=r"cannot be read \(No such file"):
        load_settings(path, {})
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match="must be UTF-8"):
        load_settings(path, {})
