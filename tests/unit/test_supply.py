"""What the bot is built of is said truly: the bill of materials, the table in docs/, and the answer to advisories."""

import json
import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.supply.__main__ import main, report
from tests.supply.advisories import hits, is_hit, load
from tests.supply.imported import imported
from tests.supply.locks import DEV, ROOT, RUN, Part, Supply, supply
from tests.supply.sbom import bom

ROW = re.compile(r"^\| ([a-z0-9-]+) \| (\S+) \| (?:(\S+), )?(\d{4}-\d\d) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
PART = Part("thing", "1.5", runs=True, hashes=("0" * 64,))


@pytest.fixture(scope="module")
def known() -> Supply:
    return supply()


def osv(name: str = "Thing", **affected: object) -> dict[str, object]:
    package = {"ecosystem": "PyPI", "name": name}
    return {"id": "OSV-1", "summary": "It falls over.", "affected": [{"package": package, **affected}]}


def span(**events: str) -> dict[str, object]:
    return {"type": "ECOSYSTEM", "events": [{kind: at} for kind, at in events.items()]}


# --- the bill of materials --------------------------------------------------------------------------------------------


def test_the_bill_names_each_locked_package_by_version_and_hashes(known: Supply) -> None:
    """Every `name==version` of the lock files is a component with each of its hashes, and nothing else is one."""
    locks = "".join((ROOT / name).read_text("utf-8") for name in (*RUN, *DEV))
    components = json.loads(bom(known))["components"]
    assert {(one["name"], one["version"]) for one in components} == set(
        re.findall(r"^([a-z0-9._-]+)==([^\s;\\]+)", locks, re.MULTILINE)
    )
    assert {h["content"] for one in components for h in one["hashes"]} == set(
        re.findall(r"sha256:([0-9a-f]{64})", locks)
    )


def test_the_bill_is_of_the_form_that_it_names(known: Supply) -> None:
    """CycloneDX 1.6: what its schema requires is there, each reference is one of a component, and used once."""
    found = json.loads(bom(known))
    assert (found["bomFormat"], found["specVersion"], found["version"]) == ("CycloneDX", "1.6", 1)
    assert re.fullmatch(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", found["serialNumber"])
    every = [found["metadata"]["component"], *found["components"]]
    assert all(one["type"] in ("application", "library") and one["name"] and one["version"] for one in every)
    refs = [one["bom-ref"] for one in every]
    assert len(set(refs)) == len(refs)
    for one in found["components"]:
        assert one["purl"] == f"pkg:pypi/{one['name']}@{one['version']}"
        assert one["scope"] in ("required", "excluded")
        assert all(h["alg"] == "SHA-256" and re.fullmatch(r"[0-9a-f]{64}", h["content"]) for h in one["hashes"])
        assert [set(said) for said in one.get("licenses", [])] in ([], [{"expression"}], [{"license"}])
    assert [one["ref"] for one in found["dependencies"]] == refs
    assert {to for one in found["dependencies"] for to in one["dependsOn"]} <= set(refs)


def test_every_part_that_runs_is_reached_from_the_project(known: Supply) -> None:
    """Along the bill's own dependencies: no package is installed for nobody, but those for other systems."""
    found = json.loads(bom(known))
    leads = {one["ref"]: one["dependsOn"] for one in found["dependencies"]}
    seen, ways = set(), [found["metadata"]["component"]["bom-ref"]]
    while ways:
        ref = ways.pop()
        ways += [to for to in leads[ref] if to not in seen]
        seen.add(ref)
    elsewhere = {part.name for part in known.parts if not part.installed}
    runs = {one["name"] for one in found["components"] if one["scope"] == "required" and one["bom-ref"] not in seen}
    assert runs <= elsewhere
    assert elsewhere <= {"colorama", "sspilib", "numpy"}  # Windows, and the numpy of a newer Python


def test_the_bill_is_the_same_each_time(known: Supply) -> None:
    """No time, no chance and no order of files is in it; another hash is another bill with another number."""
    assert bom(supply()) == bom(known)
    parts = (PART, *known.parts[1:])
    other = Supply(known.name, known.version, known.licence, known.asked, parts)
    assert json.loads(bom(other))["serialNumber"] != json.loads(bom(known))["serialNumber"]


def test_nothing_says_where_packages_are_fetched(known: Supply) -> None:
    """No address stands in the bill, the lock files or what installs them: the client's own settings say where."""
    paths = [ROOT / name for name in (*RUN, *DEV, "Makefile", "pyproject.toml", ".ci/run", "docs/dependencies.md")]
    for text in (bom(known), *(path.read_text("utf-8") for path in paths)):
        assert re.findall(r"\w+://\S+|--(?:extra-)?index-url|--find-links| @ file:", text) == []


def test_a_line_without_a_hash_is_refused(tmp_path: Path) -> None:
    """What is locked by its name alone is not locked."""
    for name in ("pyproject.toml", *RUN, *DEV):
        (tmp_path / name).write_text((ROOT / name).read_text("utf-8"), "utf-8")
    (tmp_path / RUN[0]).write_text("requests==2.34.2\n", "utf-8")
    with pytest.raises(ValueError, match="locks nothing"):
        supply(tmp_path)


# --- the table in docs/ -----------------------------------------------------------------------------------------------


def test_the_table_is_what_is_locked(known: Supply) -> None:
    """Each package to run with its locked version, its declared licence, and its reason or who brings it."""
    rows = {row[0]: row[1:] for row in ROW.findall((ROOT / "docs" / "dependencies.md").read_text("utf-8"))}
    runs = [part for part in known.parts if part.runs]
    assert sorted(rows) == [part.name for part in runs]
    for part in runs:
        version, newer, month, licence, why = rows[part.name]
        assert version == part.version
        assert newer != version
        assert "2015-01" < month < "2100-01"
        if part.installed:
            assert licence == (part.licence.expression or part.licence.name or "not declared")
            assert why == (known.asked.get(part.name) or ", ".join(known.users(part.name)))


def test_each_package_asked_for_has_a_reason_and_a_user(known: Supply) -> None:
    """A comment beside it in pyproject.toml, and a file that imports it, or none: the zones."""
    assert [name for name, why in known.asked.items() if not why] == []
    assert set(known.asked) - set(imported()) == {"tzdata"}


# --- advisories -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("affected", "verdict"),
    [
        ({"ranges": [span(introduced="0", fixed="1.6")]}, True),
        ({"ranges": [span(introduced="0", fixed="1.5")]}, False),
        ({"ranges": [span(introduced="1.5")]}, True),
        ({"ranges": [span(introduced="1.5.1")]}, False),
        ({"ranges": [span(introduced="0", last_affected="1.5")]}, True),
        ({"ranges": [span(introduced="0", last_affected="1.4.9")]}, False),
        ({"ranges": [span(introduced="0", fixed="1.2"), span(introduced="1.4", fixed="1.10")]}, True),
        ({"versions": ["1.4", "1.5.0"]}, True),
        ({"versions": ["1.4", "1.6"]}, False),
        ({"versions": ["1.4"], "ranges": [span(introduced="1.5")]}, True),
        ({"ranges": [{"type": "GIT", "events": [{"introduced": "0"}]}]}, None),
        ({"versions": ["of old"]}, None),
        ({}, None),
    ],
)
def test_a_version_is_judged_as_the_form_lays_down(affected: dict[str, object], verdict: bool | None) -> None:
    """Lists and ranges, with 1.10 after 1.6; what cannot be judged is neither hit nor clean."""
    assert is_hit("1.5", affected) is verdict


@pytest.mark.parametrize(
    ("advisory", "count"),
    [
        (osv(ranges=[span(introduced="0")]), 1),
        (osv(name="THING", ranges=[span(introduced="0")]), 1),
        (osv(), 1),
        (osv(name="other", ranges=[span(introduced="0")]), 0),
        ({**osv(ranges=[span(introduced="0")]), "withdrawn": "2026-01-01T00:00:00Z"}, 0),
        ({"id": "OSV-2", "affected": [{"package": {"ecosystem": "npm", "name": "thing"}, "versions": ["1.5"]}]}, 0),
    ],
)
def test_an_advisory_hits_the_package_that_it_names(advisory: dict[str, object], count: int) -> None:
    """By its name however it is spelt, among Python's packages; a withdrawn one hits nothing, a vague one does."""
    assert len(hits((PART,), [advisory])) == count


def test_a_hit_says_who_imports_it(known: Supply) -> None:
    """The audit has a line for each package, and for a hit the advisory, its fix, the files and what brings it."""
    found = hits(known.parts, [osv(name="Requests", ranges=[span(introduced="0", fixed="99")])])
    lines = report(known, found, imported())
    at = next(n for n, line in enumerate(lines) if line.startswith("HIT"))
    assert re.match(r"HIT    requests \S+: imported by .*bot/doors/tokens\.py.*; brought by .*msal", lines[at])
    assert lines[at + 1].strip() == "OSV-1: It falls over.; fixed in 99"
    assert len(lines) == len(known.parts) + 1


@pytest.mark.parametrize(
    "write", [json.dumps, lambda all_: json.dumps({"vulns": all_}), lambda all_: "\n".join(map(json.dumps, all_))]
)
def test_advisories_are_read_in_each_form(write: object, tmp_path: Path) -> None:
    """A list, an answer of a server, one a line; alone or in a folder."""
    (tmp_path / "all.json").write_text(write([osv(), osv(name="other")]), "utf-8")  # type: ignore[operator]
    assert load(tmp_path / "all.json") == load(tmp_path) == [osv(), osv(name="other")]


@pytest.mark.parametrize("text", ['{"no": "id"}', "[1, 2]", "no JSON"])
def test_what_is_no_advisory_is_refused(text: str, tmp_path: Path) -> None:
    """Another file is a fault, not an audit that found nothing."""
    (tmp_path / "a.json").write_text(text, "utf-8")
    with pytest.raises(ValueError, match=r"."):
        load(tmp_path / "a.json")


def test_without_advisories_nothing_is_called_clean(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """The audit says that nothing was compared, and fails; with a file it ends as what it found."""
    ends: list[int] = []
    for given in (
        "",
        _file(tmp_path / "one.json", [osv(name="rich")]),
        _file(tmp_path / "two.json", [osv(name="nobody")]),
    ):
        monkeypatch.setenv("ADVISORIES", given)
        ends.append(main("audit"))
    assert ends == [2, 1, 0]
    assert "NOTHING WAS COMPARED" in capsys.readouterr().out


def _file(path: Path, advisories: Sequence[dict[str, object]]) -> str:
    path.write_text(json.dumps(advisories), "utf-8")
    return str(path)
