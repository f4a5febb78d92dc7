"""A look at the database from beside sees what the engine sees, on each database, and says what is wrong in words."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from bot.model import Contact, Letter, Sending
from bot.model.errors import StoreError
from bot.model.letters import Alert
from bot.store import mailboxes, mails, outbox, schema
from bot.store.db import Database, asking
from bot.store.letters import GOING
from bot.store.server import glance
from tests.servers.postgres import Cluster
from tests.unit.store_samples import a_raw, save_new

NOW = datetime(2027, 1, 15, 16, 45, 0, 250, UTC)
#: What a server said: signs that no database stores as they are.
WHY = "no \\route\\ to \0 the m\u00e4il \ud800 server"
ASKED = (
    glance.is_behind,
    glance.cases_by_state,
    glance.letters_by_status,
    glance.mails_by_disposition,
    glance.last_listed,
    glance.closed,
    glance.oldest_failing,
    glance.doubtful,
    glance.open_under,
)


def queued(db: Database) -> int:
    letter = Letter(Alert.Plain(subject="x", lines=("y",)), occasion="alert/x", to=(Contact("ann@csc.example"),))
    with db.begin() as tx:
        number = outbox.queue(tx, letter, None, NOW)
    assert number is not None
    return number


def test_it_sees_what_the_engine_sees(database: Database, database_url: str) -> None:
    """Each answer is the same through the driver alone, and an instant and a server's words come back as they were."""
    number = queued(database)
    with database.begin() as tx:
        case = save_new(tx, policy="salford \\").case
        mails.receive(tx, "crewe", [a_raw("1"), a_raw("2", b"Subject: 2")], "", NOW, None)
        mailboxes.listed_at(tx, "crewe", NOW)
        mailboxes.gap_opened(tx, "crewe", NOW + timedelta(hours=1), WHY)
        out = schema.outbox
        tx.execute(update(out).values(status=Sending.DEFERRED, last_error=WHY, first_failed=NOW))
        through_the_engine = [ask(asking(tx)) for ask in ASKED]
    with glance.looking(database_url) as look:
        assert [ask(look) for ask in ASKED] == through_the_engine
        assert through_the_engine == [
            False, {"awaiting_response": 1}, {"deferred": 1}, {"unread": 2}, {"crewe": NOW},
            [("crewe", NOW + timedelta(hours=1), WHY)], (NOW, WHY), [(number, "deferred", 0, WHY, NOW)],
            [(case.ref, case.policy, case.policy_version, "policy: text")],
        ]  # fmt: skip


@pytest.mark.parametrize("status", Sending)
def test_a_letter_on_its_way_is_known_by_its_status(database: Database, status: Sending) -> None:
    """Of letters with an error those that may still go are doubted, and those that nobody holds are failing."""
    queued(database)
    with database.begin() as tx:
        tx.execute(update(schema.outbox).values(status=status, last_error="no", first_failed=NOW))
        assert bool(glance.oldest_failing(asking(tx))) is (status in GOING)
        assert bool(glance.doubtful(asking(tx))) is (status in (*GOING, Sending.HELD))


def test_what_is_no_database_of_ours_is_a_sentence(tmp_path: Path) -> None:
    """A file without tables, a file that is none, and an address of neither kind are said in words."""
    (tmp_path / "text.db").write_text("Dear all,\n" * 900)
    for url, words in (
        (f"sqlite:///{tmp_path}/empty.db", "no tables of ours"),
        (f"sqlite:///{tmp_path}/text.db", "no SQLite database"),
        ("mysql://u:hidden@db.example/bot", "sqlite:///FILE"),
    ):
        with pytest.raises(StoreError, match=words), glance.looking(url) as look:
            glance.is_behind(look)


def test_a_password_is_in_no_message(postgres: Cluster) -> None:
    """A server that refuses the login is named without the password that it was given."""
    url = postgres.url("postgres", password="guessed")
    with pytest.raises(StoreError) as refused, glance.looking(url):
        pytest.fail("it was let in")
    assert "guessed" not in str(refused.value)
    assert ":***@" in str(refused.value)
