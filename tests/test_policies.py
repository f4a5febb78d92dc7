"""Further real procedures as policy files, beside the shipped ones: each is read without a fault, and rehearses.

They and their stories stand in tests/policies; nothing of the program knows them.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from bot.cli.rehearsal import rehearse, story
from bot.rules.policy import file as policy_file
from bot.settings import settings

HERE = Path(__file__).parent / "policies"
CONFIG = HERE.parent.parent / "config"
FILES = {path.stem: (path.read_text("utf-8"), str(path)) for path in sorted(HERE.glob("*.yaml"))}
STORIES = sorted((HERE / "stories").glob("*.yaml"))


@pytest.fixture(scope="session")
def further() -> settings.Settings:
    """The shipped configuration with these policies beside its own."""
    base = settings.load(CONFIG, dict(os.environ))
    read = {name: policy_file.load(text, file, None, FILES)[0] for name, (text, file) in FILES.items()}
    texts = {f"policies/{name}.yaml": text for name, (text, _) in FILES.items()}
    policies = {name: policy for name, policy in read.items() if policy is not None}
    return replace(base, policies={**base.policies, **policies}, texts={**base.texts, **texts})


@pytest.mark.parametrize("name", FILES)
def test_it_has_no_fault(name: str) -> None:
    """But for telephone numbers kept for fiction, and the number given to a time that a document leaves open."""
    policy, problems = policy_file.load(*FILES[name], None, FILES)
    assert policy is not None, problems
    known = ("kept for fiction", "the longer end counts", "see that the partnership agrees")
    assert all(any(words in problem.text for words in known) for problem in problems)
    assert any(path.stem.startswith(name) for path in STORIES), "it has no story"


@pytest.mark.parametrize("path", STORIES, ids=lambda p: p.stem)
def test_it_rehearses(path: Path, further: settings.Settings) -> None:
    """Every expectation of its stories holds."""
    assert rehearse.rehearse(story.load(path), further).faults == ()
