"""`ltrr rules`: what a search team decides by query, whatever the models say."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from ltrr_opensearch.cli.options import key_of, one_index, pass_settings, with_state
from ltrr_opensearch.errors import DataError
from ltrr_opensearch.settings import Settings

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

    from ltrr_opensearch.index.rules import Selection
    from ltrr_opensearch.release.rules import RuleStore
    from ltrr_opensearch.rule_settings import RuleSettings, SelectedSettings

index_option = click.option("--index", "only", help="Key of the index; not needed where one is configured.")
json_option = click.option("--json", "as_json", is_flag=True, help="Machine-readable.")


@click.group()
def rules() -> None:
    """List, put, remove and test rules: pin, boost, bury and exclude documents by query."""


@rules.command("list")
@index_option
@json_option
@pass_settings
def list_(settings: Settings, only: str | None, as_json: bool) -> None:
    """All rules of the index in the order in which they hold; of two that contradict each other the first does.

    As JSON it is what `ltrr rules put --replace` takes.
    """
    from ltrr_opensearch.release.rules import merged

    index = _index(settings, only)
    with _store(settings) as (_, store):
        stored = store.read(index)
    if as_json:
        click.echo(_json([_plain(rule) for rule in merged(settings.indexes[index].rules, stored.rules)]))
        return
    kept = {rule.id for rule in stored.rules}
    for fault in stored.faults:
        click.echo(f"{click.style('unreadable', fg='red')} {fault}")
    for rule in merged(settings.indexes[index].rules, stored.rules):
        click.echo("\n".join(_listed(rule, "stored" if rule.id in kept else "configuration", datetime.now(UTC))))
    if not (stored.rules or stored.faults or settings.indexes[index].rules):
        click.echo(f"{index} has no rules; `ltrr rules put` takes them from a file.")


@rules.command()
@click.argument("file", type=click.File("rb"))
@index_option
@click.option("--replace", is_flag=True, help="Only what the file says stays of what is stored.")
@click.option("--unchecked", is_flag=True, help="Do not ask the cluster whether it takes the clauses.")
@pass_settings
def put(settings: Settings, file: IO[bytes], only: str | None, replace: bool, unchecked: bool) -> None:
    """Store the rules of FILE (YAML or JSON: one rule, or a list; - for standard input); proxies follow in seconds.

    A stored rule of the same id is replaced, in its place. One that the cluster would refuse is not stored.
    """
    index = _index(settings, only)
    given = _given(file)
    with _store(settings) as (client, store):
        if not unchecked:
            _check(client, index, given)
        stored = store.put(index, given, replace=replace)
    names = ", ".join(rule.id for rule in given)
    click.echo(f"{index}: {names} stored, {len(stored)} in all; proxies follow in seconds")


@rules.command()
@click.argument("ids", nargs=-1, required=True)
@index_option
@pass_settings
def remove(settings: Settings, ids: tuple[str, ...], only: str | None) -> None:
    """Take stored rules away by their IDS. One of the file is switched off by storing it with enabled: false."""
    index = _index(settings, only)
    with _store(settings) as (_, store):
        left = store.remove(index, ids)
    click.echo(f"{index}: {', '.join(ids)} removed, {len(left)} stored; proxies follow in seconds")


@rules.command()
@click.argument("query")
@index_option
@click.option("--at", type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]), help="At another time (UTC).")
@json_option
@pass_settings
def test(settings: Settings, query: str, only: str | None, at: datetime | None, as_json: bool) -> None:
    """Which rules QUERY meets, and what they select. Exits with 1 where the cluster refuses a clause."""
    from ltrr_opensearch.index.rules import look_up
    from ltrr_opensearch.release.rules import merged
    from ltrr_opensearch.rules.book import RuleBook

    index = _index(settings, only)
    when = at.replace(tzinfo=UTC) if at else datetime.now(UTC)
    with _store(settings) as (client, store):
        book = RuleBook(merged(settings.indexes[index].rules, store.read(index).rules))
        met = book.met_by(query, when)
        found = list(look_up(client, index, met))
    if as_json:
        from dataclasses import asdict

        click.echo(_json({"rules": [_plain(rule) for rule in met], "selected": [asdict(one) for one in found]}))
    else:
        click.echo("\n".join(line for rule in met for line in _met(rule, found)) or f"{query!r} meets no rule")
    if any(one.refusal for one in found):
        raise SystemExit(1)


def _index(settings: Settings, only: str | None) -> str:
    return key_of(settings, one_index(settings, only))


def _given(file: IO[bytes]) -> list[RuleSettings]:
    import yaml

    from ltrr_opensearch.release.rules import rule_of

    name = Path(str(getattr(file, "name", "standard input"))).name
    try:
        told = yaml.safe_load(file.read())
    except yaml.YAMLError as error:
        raise DataError(f"{name}: this is neither YAML nor JSON: {error}") from None
    values = told["rules"] if isinstance(told, dict) and told.keys() == {"rules"} else told
    values = values if isinstance(values, list) else [values]
    found = [rule_of(value, f"{name}, rule {number}") for number, value in enumerate(values, start=1)]
    ids = [rule.id for rule in found]
    if twice := sorted({id for id in ids if ids.count(id) > 1}):
        raise DataError(f"{name}: rule ids must differ; twice: {', '.join(twice)}")
    return found


def _check(client: OpenSearch, index: str, given: list[RuleSettings]) -> None:
    from ltrr_opensearch.index.rules import look_up

    for one in look_up(client, index, given):
        if one.refusal:
            raise DataError(f"rule {one.rule}: the cluster refuses what {one.action} selects by: {one.refusal}")
        if one.documents is None:
            click.echo(f"rule {one.rule}: not checked, our account may not read {index}", err=True)
        elif one.missing:
            click.echo(f"rule {one.rule}: no document has the pinned _id {', '.join(one.missing)} yet", err=True)
        elif not one.documents:
            click.echo(f"rule {one.rule}: {one.action} selects no document yet", err=True)


@contextmanager
def _store(settings: Settings) -> Iterator[tuple[OpenSearch, RuleStore]]:
    from ltrr_opensearch.cluster.admin import connect
    from ltrr_opensearch.release.rules import RuleStore

    with connect(settings.cluster) as client:
        with_state(client, settings)
        yield client, RuleStore(client, settings.state.prefix)


def _listed(rule: RuleSettings, source: str, now: datetime) -> Iterator[str]:
    yield f"{click.style(rule.id, bold=True)}  {_state(rule, now)}, {source}"
    yield f"    when {_when(rule)}: {_does(rule)}"
    if rule.note:
        yield f"    {rule.note}"


def _state(rule: RuleSettings, now: datetime) -> str:
    if not rule.enabled:
        return "off"
    if rule.until and rule.until <= now:
        return f"over since {rule.until:%Y-%m-%d %H:%M %Z}"
    if rule.since and rule.since > now:
        return f"from {rule.since:%Y-%m-%d %H:%M %Z}"
    return f"holds until {rule.until:%Y-%m-%d %H:%M %Z}" if rule.until else "holds"


def _when(rule: RuleSettings) -> str:
    told = [f"the query is {text!r}" for text in rule.when.query]
    told += [f"it contains {text!r}" for text in rule.when.contains]
    told += [f"it is like {text!r}" for text in rule.when.pattern]
    return " or ".join(told) or "anything is asked"


def _does(rule: RuleSettings) -> str:
    told = [f"pin {pin.id} at {pin.position}" for pin in rule.pin]
    for action, moved in (("boost", rule.boost), ("bury", rule.bury)):
        if moved:
            told.append(f"{action} {_selects(moved)}" + (f" by {moved.places} places" if moved.places else ""))
    if rule.exclude:
        told.append(f"exclude {_selects(rule.exclude)}")
    return "; ".join(told)


def _selects(selected: SelectedSettings) -> str:
    told = [", ".join(selected.ids)] if selected.ids else []
    told += [_json(selected.filter, indent=False)] if selected.filter is not None else []
    return " or ".join(told)


def _met(rule: RuleSettings, found: list[Selection]) -> Iterator[str]:
    yield f"{click.style(rule.id, bold=True)}: {_does(rule)}"
    for one in found:
        if one.rule == rule.id:
            count = "not readable by our account" if one.documents is None else f"{one.documents} documents"
            missing = f"; no document has the _id {', '.join(one.missing)}" if one.missing else ""
            refused = click.style(f"refused by the cluster: {one.refusal}", fg="red") if one.refusal else count
            yield f"    {one.action}: {refused}{missing}"


def _plain(rule: RuleSettings) -> object:
    return rule.model_dump(mode="json", exclude_defaults=True)


def _json(value: object, *, indent: bool = True) -> str:
    import orjson

    return orjson.dumps(value, option=orjson.OPT_INDENT_2 if indent else None).decode()
