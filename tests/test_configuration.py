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


def test_an_empty_secret_is_refused(path: Path) -> None:
    said = mistakes(path, "state: {secret: ' '}")
    assert "ltrr.yml:1: state.secret: is empty, so that everybody knows it; any other text is allowed" in said
    assert "ltrr.yml:1: state.secret: needed is text, not empty" in mistakes(path, "state: {secret: ''}")


@pytest.mark.parametrize("name", ["ltrr.example.yml", "docker/ltrr.yml"])
def test_our_own_files_load(name: str) -> None:
    assert load_settings(ROOT / name, {"OPENSEARCH_USERNAME": "ltrr", "OPENSEARCH_PASSWORD": "secret"})


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "serve:\n"])
def test_an_empty_file_or_section_is_no_mistake(path: Path, text: str) -> None:
    path.write_text(text)
    assert load_settings(path, {}) == Settings()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("serve:\n  prot: 1\n", "ltrr.yml:2: serve.prot: unknown key; did you mean port? (allowed: context_headers, "),
        ("clutser: {}\n", "ltrr.yml:1: clutser: unknown key; did you mean cluster? (allowed: admin, choose, "),
        (
            "serve:\n  port: 70000\n",
            "ltrr.yml:2: serve.port: needed is a whole number from 0 to 65535; got 70000. Port on which",
        ),
        (
            "cluster: {url: 'c:9200'}\n",
            "ltrr.yml:1: cluster.url: needed is http:// or https://, then host and port; got 'c:9200'. Where",
        ),
        ("indexes:\n  a:\n    vector: {}\n", "ltrr.yml:2: indexes.a.text_fields: missing; it has no default"),
        (
            "indexes:\n  a:\n    text_fields: {t: 1}\n    vector: {engine: nmslib}\n",
            "ltrr.yml:4: indexes.a.vector.engine: needed is one of 'lucene', 'faiss'; got 'nmslib'. k-NN engine",
        ),
        (
            "indexes:\n  a:\n    text_fields: {t: 1}\n    strategies:\n      - {name: a, use: b, depth: 3}\n",
            "ltrr.yml:5: indexes.a.strategies.0.depth: unknown key (allowed: name, options, use)",
        ),
        (
            "indexes:\n  a:\n    text_fields: {t: 1}\n    vector: {dimensions: 3}\n",
            "ltrr.yml:4: indexes.a.vector.dimensions: unknown key; did you mean dimension? (allowed: ",
        ),
        ("log: {flush_ms: .inf}", "log.flush_ms: needed is a number greater than 0; got inf. Longest time"),
        ("serve: {host: ''}", "serve.host: needed is text, not empty; got ''. Address"),
        (
            "serve: {context_headers: {usr: X}}",
            "usr: needed is one of 'user', 'session', 'application', 'device', 'locale', 'time_zone' or 'segment'",
        ),
        ("indexes: {7: {}}", "indexes.7: needed is a name, which is text (put it into quotes); got 7"),
        (
            "indexes: {a: {text_fields: [t]}}",
            "text_fields: needed is names with values {a: ..., b: ...}, each value a num",
        ),
        ("indexes: {a: {text_fields: {t: 1}, popularity: sales}}", "needed is a section with field, pivot, weight"),
        (
            "encoder: {model: }\nlog: {impressions: 3}",
            "ltrr.yml:2: log.impressions: needed is true or false; got 3. Wh",
        ),
        ("choose:\n  ladder: [0, 50, 10]\n", "ltrr.yml:1: choose: ladder must start with 0 and rise, like"),
        ("serve:\n  port: 1\n  port: 2\n", "ltrr.yml:3: port: given before on line 2; keep one of the two"),
        ("- serve\n", "ltrr.yml: expected sections (cluster, serve, admin, "),
        ("serve: [\n", "ltrr.yml: this is not YAML: "),
        ("cluster: 7\n", "ltrr.yml:1: cluster: needed is a section with "),
    ],
)
def test_a_mistake_names_file_line_key_value_and_what_is_allowed(path: Path, text: str, expected: str) -> None:
    assert expected in mistakes(path, text)


@pytest.mark.parametrize(
    ("text", "key", "said"),
    [
        ("cluster: {username: me}", "cluster.username", "is given without cluster.password"),
        ("serve: {port: 9202}", "serve.port", "9202 is also admin.port"),
        ("state: {ubi_queries: ubi, ubi_events: ubi}", "state.ubi_events", "ubi is also state.ubi_queries"),
        ("state: {ubi_events: ltrr_memory}", "state.ubi_events", "ltrr_memory starts like our own indexes (ltrr_)"),
        ("indexes: {ltrr_jobs: {text_fields: {t: 1}}}", "indexes.ltrr_jobs", "is an index of ours"),
        ("choose: {budget: 20}", "choose.budget", "20 does not allow even one plan at safe_depth 50"),
        ("choose: {vowpal_arguments: --cb_explore_adf}", "choose.vowpal_arguments", "says nothing to policy direct"),
        (
            "choose: {policy: vowpal, explorer: regcb, vowpal_arguments: --cb_explore_adf}",
            "choose.explorer",
            "is replaced by choose.vowpal_arguments",
        ),
        ("choose: {explorer: regcb}", "choose.explorer", "says nothing to policy direct; leave it out, or choose"),
        ("choose: {policy: vowpal, gamma: 10}", "choose.gamma", "says nothing to policy vowpal"),
        ("learn: {labels: by_probability}", "learn.labels", "says nothing to policy direct"),
        (
            "learn: {half_life_searches: 9}",
            "learn.half_life_searches",
            "says nothing to policy direct; leave it out, or choose policy lints or linucb or thompson or greedy",
        ),
        ("choose: {policy: vowpal, profiles: {all: {a: 10}}}", "choose.profiles", "are not drawn by factoring sequen"),
        (
            "choose: {profiles: {all: {a: 10}}}",
            "choose.profiles",
            "are not drawn by factoring sequential; take them out, or choose factoring profiles and policy vowpal",
        ),
        ("choose: {policy: direct, factoring: profiles}", "choose.factoring", "policy direct values whole actions"),
        ("learn: {gains: {click: 0}}", "learn.gains", "no action is worth anything"),
        ("learn: {engine: dask}", "learn.dask_scheduler", "engine dask needs the address of a scheduler"),
        ("learn: {min_rounds: 9, max_rounds: 8}", "learn.min_rounds", "9 is more than max_rounds 8"),
        (
            "{state: {secret: s}, log: {users: omit}, learn: {personal_people: 9}}",
            "learn.personal_people",
            "remembers people by their names in the log, which has none",
        ),
    ],
)
def test_a_contradiction_names_the_key_and_a_way_out(path: Path, text: str, key: str, said: str) -> None:
    assert f"ltrr.yml:1: {key}: {said}" in mistakes(path, text)


@pytest.mark.parametrize(
    ("text", "key", "said"),
    [
        ("{text_fields: {}}", "text_fields", "names no field"),
        ("{text_fields: {t: 1}, strategies: []}", "strategies", "is empty"),
        ("{text_fields: {t: 1}, strategies: [{name: k, use: knn}]}", "strategies.0.use", "knn finds nothing without a"),
        ("{text_fields: {t: 1}, strategies: [{name: s, use: structured}]}", "strategies.0.use", "structured finds"),
        (
            "{text_fields: {t: 1}, strategies: [{name: p, use: personal}]}",
            "strategies.0.use",
            "personal finds nothing while learn.personal_people is 0",
        ),
        (
            "{text_fields: {t: 1}, strategies: [{name: a, use: original}, {name: b, use: original}]}",
            "strategies.1.use",
            "original is used by a already",
        ),
        ("{text_fields: {t: 1}, fusion: {weights: {bm25: 1}}}", "fusion.weights.bm25", "there is no strategy of this"),
        ("{text_fields: {t: 1}, fusion: {weights: {knn: -1}}}", "fusion.weights.knn", "-1 is negative"),
        (
            "{text_fields: {t: 1}, features: [{name: f, query: {}}, {name: f, query: {}}]}",
            "features.1.name",
            "f is the name of 2 features",
        ),
        (
            "{text_fields: {t: 1}, features: [{name: f, query: {knn: {v: '{{vector}}'}}}]}",
            "features.0.query",
            "{{vector}} needs the `vector` section",
        ),
    ],
)
def test_a_contradiction_of_an_index_too(path: Path, text: str, key: str, said: str) -> None:
    assert f"ltrr.yml:1: indexes.shop.{key}: {said}" in mistakes(path, f"indexes: {{shop: {text}}}")


def test_what_policies_of_others_read_is_theirs(path: Path) -> None:
    path.write_text("choose: {policy: mine, explorer: regcb, gamma: 10}\n")
    assert load_settings(path).choose.gamma == 10


def test_how_fast_expected_losses_fade_is_said_to_vowpal_too(path: Path) -> None:
    path.write_text("choose: {policy: vowpal, explore_loss: 0.01}\nlearn: {half_life_searches: 9}\n")
    assert load_settings(path).learn.half_life_searches == 9


def test_all_mistakes_are_told_at_once(path: Path) -> None:
    assert len(mistakes(path, "serve: {port: x, hots: y}\nlog: {sample_rate: 2}\n").splitlines()) == 3


def test_a_wrong_password_is_not_printed(path: Path) -> None:
    assert "hunter" not in mistakes(path, "cluster:\n  password: [hunter2]\n")
    assert "hunter" not in mistakes(path, "cluster: {password: [{a: hunter2}]}\n")
    assert "hunter" not in mistakes(path, "admin: {token: hunter2, token_file: also}\n")
    assert "hunter" not in mistakes(path, "cluster: [password, hunter2]\n")


def test_a_file_that_is_not_there_or_not_text(path: Path) -> None:
    with pytest.raises(SettingsError, match=r"cannot be read \(No such file"):
        load_settings(path, {})
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match="must be UTF-8"):
        load_settings(path, {})
