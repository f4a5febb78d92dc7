"""Whatever is done to a configuration, the operator reads sentences: never a traceback, never a secret."""

from __future__ import annotations

from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.model.errors import ConfigError
from bot.rules.directory_file import COLUMNS, from_rows
from bot.rules.directory_file import load as load_directory
from bot.rules.policy.file import load as load_policy
from bot.settings.settings import coverage, from_texts
from tests.some import some
from tests.unit.config_samples import BOT, DIRECTORY, ENV, SAMPLE, TODAY

POLICIES = {p.stem: p.read_text("utf-8") for p in sorted((SAMPLE / "policies").glob("*.yaml"))}
TEXTS = {"bot.yaml": BOT, "directory.csv": DIRECTORY, "policies/cheshire-east.yaml": POLICIES["cheshire-east"]}

#: What a slip of the hand, a merge or a bad copy leaves behind.
SCRAPS = st.sampled_from(
    ["", " ", "\t", ":", "- ", "[", "}", '"', "'", "#", "&a ", "*a", "!x ", "|\n", "null", "~", "5", "24 hours",
     "\ufeff", "\x00", "é", "${NO_SUCH}", "${", "<<: ", "---\n", "2027-02-30", ",", "\r\n", "{a: {b: [c]}}",
     "next: frontline"]
)  # fmt: skip


@st.composite
def broken(draw: st.DrawFn, text: str) -> str:
    """The text after one to four edits: lines lost, doubled, moved or indented, spans replaced or cut off."""
    for _ in range(draw(st.integers(1, 4))):
        lines = text.splitlines(keepends=True)
        if not lines:
            return text
        n = draw(st.integers(0, len(lines) - 1))
        edit = draw(st.sampled_from(["lose", "double", "swap", "indent", "replace", "cut", "value"]))
        if edit == "lose":
            del lines[n]
        elif edit == "double":
            lines.insert(n, lines[n])
        elif edit == "swap":
            lines[n], lines[0] = lines[0], lines[n]
        elif edit == "indent":
            lines[n] = draw(st.sampled_from(["  ", "    ", "- "])) + lines[n]
        elif edit == "replace":
            at = draw(st.integers(0, len(lines[n])))
            lines[n] = lines[n][:at] + draw(SCRAPS) + lines[n][at + draw(st.integers(0, 8)) :]
        elif edit == "value":
            key, colon, _ = lines[n].partition(":")
            lines[n] = f"{key}{colon} {draw(SCRAPS)}\n"
        else:
            lines = lines[:n]
        text = "".join(lines)
    return text


ONE_FILE = st.sampled_from(sorted(TEXTS)).flatmap(lambda name: broken(TEXTS[name]).map(lambda text: {name: text}))


@settings(max_examples=some(150), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ONE_FILE)
def test_a_broken_configuration_is_used_or_refused_in_sentences(changed: dict[str, str]) -> None:
    """Either it still holds together, or each fault names a file of the folder and a line that it has."""
    texts = TEXTS | changed
    try:
        found = from_texts(Path("config"), texts, ENV)
    except ConfigError as error:
        assert error.problems
        for problem in error.problems:
            name = Path(problem.file).relative_to("config").as_posix()
            assert 0 <= problem.line <= texts[name].count("\n") + 1
            assert problem.text.strip()
            assert "\n" not in problem.text
            assert ENV["CLOCK_PASSWORD"] not in problem.text
    else:
        for problem in coverage(found, TODAY):
            assert problem.text


@settings(max_examples=some(100), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(sorted(POLICIES)).flatmap(lambda name: broken(POLICIES[name])))
def test_a_broken_policy_is_used_or_refused_in_sentences(text: str) -> None:
    """No policy without a reason, none with a fault, and its course always comes to an end."""
    policy, problems = load_policy(text, "policy.yaml", TODAY)
    assert (policy is None) == any(not p.is_warning for p in problems)
    if policy is not None:
        assert policy.course()[0] is policy.first
        assert policy.after(policy.course()[-1].id) is None


@settings(max_examples=some(100), deadline=None)
@given(broken((SAMPLE / "directory.csv").read_text("utf-8")))
def test_a_broken_directory_keeps_only_rows_that_can_be_used(text: str) -> None:
    """Whatever the file, every row kept has area, role and address, and can be found by each."""
    directory, _ = load_directory(text, "directory.csv")
    for row in directory.rows:
        assert row.email in {c.email for c in directory.holders(row.role, row.area, row.agency, row.team)}
        person = directory.person(row.email)
        assert person is not None
        assert directory.same_person(person.email, row.email)
        assert all("@" in c.email for c in directory.fallbacks(person, row.area))


@settings(max_examples=some(100), deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from([*COLUMNS, "emial"]), st.text(max_size=12) | st.none(), max_size=8)))
def test_any_rows_at_all_are_read_without_a_traceback(rows: list[dict[str, object]]) -> None:
    """Rows of any text give a directory and faults counted by row."""
    directory, problems = from_rows(rows)
    assert len(directory.rows) <= len(rows)
    assert {p.line for p in problems} <= set(range(1, len(rows) + 1))
