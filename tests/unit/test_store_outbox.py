"""The outbox, on both databases."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Connection

from bot.doors.ports import Outcome, Refusal
from bot.model import Contact, Hold, Letter, LetterKind
from bot.model.errors import CaseMoved
from bot.store import outbox
from bot.store.db import Database, asking
from bot.store.proof import beside
from bot.store.server import glance
from tests.unit.store_samples import FAY, HELEN, HOUR, NOW, a_letter

K = LetterKind
BOTH = a_letter(K.NOTICE, "mail/1", cc=(HELEN,))
GONE = Refusal(FAY.email, "5.1.1", "no such person", True)
FULL = Refusal(FAY.email, "4.2.2", "mailbox full", False)


def claimed(tx: Connection, letter: Letter = BOTH, case: int | None = 1) -> outbox.Queued:
    """Queued and claimed in one go."""
    outbox.queue(tx, letter, case, NOW)
    queued = outbox.claim(tx, NOW, "a", HOUR)
    assert queued is not None
    return queued


def handed_over(tx: Connection, letter: Letter = BOTH) -> outbox.Queued:
    queued = outbox.make(tx, claimed(tx, letter), letter, b"raw")
    outbox.in_data(tx, queued, "offer 1", NOW)
    return queued


def states(tx: Connection, queued: outbox.Queued) -> dict[str, str]:
    return {address: status for address, status, _ in outbox.get(tx, queued.id).recipients}


def test_a_letter_comes_back_as_it_was_queued(database: Database) -> None:
    """Values, recipients in the letter's order, and no bytes yet."""
    with database.begin() as tx:
        number = outbox.queue(tx, BOTH, None, NOW)
        assert number is not None
    with database.read() as tx:
        queued = outbox.get(tx, number)
        assert (queued.letter, queued.case, queued.status, queued.raw) == (BOTH, None, "queued", None)
        assert queued.recipients == ((FAY.email, "waiting", ""), (HELEN.email, "waiting", ""))
        with pytest.raises(KeyError):
            outbox.get(tx, 4711)


def test_an_occasion_has_one_letter(database: Database) -> None:
    """A second letter for the same case, occasion, kind and addressee is a normal None; another case is another."""
    with database.begin() as tx:
        assert outbox.queue(tx, BOTH, 1, NOW) is not None
        assert outbox.queue(tx, BOTH, 1, NOW + HOUR) is None
        assert outbox.queue(tx, BOTH, 2, NOW) is not None
        assert outbox.queue(tx, BOTH, None, NOW) is not None
        assert outbox.queue(tx, BOTH, None, NOW) is None
        assert outbox.queue(tx, replace(BOTH, occasion="mail/2"), 1, NOW) is not None


def test_the_urgent_go_first_then_the_oldest(database: Database) -> None:
    """Escalation, redirect, notice, acknowledgement, then the rest by age."""
    order = [K.ESCALATION, K.REDIRECT, K.NOTICE, K.ACKNOWLEDGEMENT, K.CHASER, K.RECORD]
    with database.begin() as tx:
        for n, kind in enumerate([K.CHASER, K.RECORD, *reversed(order[:4])]):
            outbox.queue(tx, a_letter(kind), 1, NOW + timedelta(seconds=n))
        went = [outbox.claim(tx, NOW + HOUR, "a", 9 * HOUR) for _ in range(7)]
        assert [q.letter.kind if q else None for q in went] == [*order, None]


def test_a_claim_is_leased_and_fenced(database: Database) -> None:
    """Nobody else claims it until the lease is over; then the first holder can change nothing any more."""
    with database.begin() as tx:
        first = claimed(tx)
        assert (first.status, first.fence, first.attempts, first.claimed) == ("claimed", 1, 1, NOW)
        assert outbox.claim(tx, NOW + HOUR - timedelta(seconds=1), "b", HOUR) is None
        second = outbox.claim(tx, NOW + HOUR, "b", HOUR)
        assert second is not None
        assert (second.id, second.fence, second.attempts) == (first.id, 2, 2)
        late: list[Callable[[], object]] = [
            lambda: outbox.make(tx, first, BOTH, b"late"),
            lambda: outbox.in_data(tx, first, "o", NOW),
            lambda: outbox.deferred(tx, first, "", NOW, NOW),
            lambda: outbox.refused(tx, first, [GONE], NOW),
        ]
        for act in late:
            with pytest.raises(CaseMoved):
                act()
        outbox.in_data(tx, outbox.make(tx, second, BOTH, b"ours"), "o", NOW)
        assert outbox.get(tx, first.id).raw == b"ours"
        assert states(tx, first) == {FAY.email: "waiting", HELEN.email: "waiting"}


@pytest.mark.parametrize("verb", ["sent", "unknown", "proven", "resend"])
def test_what_was_not_handed_over_was_not_sent(database: Database, verb: str) -> None:
    """The verbs that follow a hand-over are refused while there was none."""
    acts: dict[str, Callable[[Connection, outbox.Queued], None]] = {
        "sent": lambda tx, q: outbox.sent(tx, q, Outcome((FAY.email,)), NOW),
        "unknown": lambda tx, q: outbox.unknown(tx, q, "", NOW),
        "proven": lambda tx, q: outbox.proven(tx, q, "", NOW),
        "resend": lambda tx, q: outbox.resend(tx, q, NOW),
    }
    with database.begin() as tx:
        queued = claimed(tx)
        with pytest.raises(CaseMoved):
            acts[verb](tx, queued)


def test_bytes_never_change_once_handed_over(database: Database) -> None:
    """Until an attempt reached in_data the letter may be made anew; after it, never."""
    with database.begin() as tx:
        queued = claimed(tx)
        finished = replace(BOTH, message_id="<new@bot.example>", cc=(Contact("tom.lee@csc.example"),))
        outbox.make(tx, queued, BOTH, b"first")
        queued = outbox.make(tx, queued, finished, b"second")
        assert (queued.raw, queued.letter, len(queued.digest)) == (b"second", finished, 64)
        assert states(tx, queued) == {FAY.email: "waiting", "tom.lee@csc.example": "waiting"}
        assert outbox.by_message_id(tx, ("new@bot.example",)) == [queued]
        outbox.in_data(tx, queued, "offer", NOW)
        outbox.deferred(tx, queued, "451 later", NOW + HOUR, NOW)
        again = outbox.claim(tx, NOW + HOUR, "a", HOUR)
        assert again is not None
        assert (again.was_in_data, again.raw) == (True, b"second")
        with pytest.raises(ValueError, match="never change"):
            outbox.make(tx, again, BOTH, b"third")


def test_a_letter_sent_is_done(database: Database) -> None:
    """Accepted addresses are marked, whatever their capitals; the id the server gave leads back to it."""
    with database.begin() as tx:
        queued = handed_over(tx)
        accepted = (FAY.email.upper(), HELEN.email)
        outbox.sent(tx, queued, Outcome(accepted, assigned_id="<theirs@exchange.example>", reply="250 ok"), NOW)
        (found,) = outbox.by_message_id(tx, ("<theirs@exchange.example>", "", "nobody@x.example"))
        assert found.status == "sent"
        assert found.recipients == ((FAY.email, "accepted", "250 ok"), (HELEN.email, "accepted", "250 ok"))
        assert outbox.by_message_id(tx, (BOTH.message_id,)) == [found]
        assert outbox.by_message_id(tx, ("",)) == []
        assert outbox.open_letters(tx) == []
        assert outbox.claim(tx, NOW + 99 * HOUR, "a", HOUR) is None


def test_addresses_refused_for_now_are_tried_again_alone(database: Database) -> None:
    """Half accepted: the rest waits for the next try and the half that has it stays accepted."""
    with database.begin() as tx:
        queued = handed_over(tx)
        outbox.sent(tx, queued, Outcome((HELEN.email,), (FULL,)), NOW)
        outbox.deferred(tx, queued, "4.2.2", NOW + HOUR, NOW)
        assert states(tx, queued) == {FAY.email: "waiting", HELEN.email: "accepted"}
        again = outbox.claim(tx, NOW + HOUR, "a", HOUR)
        assert again is not None
        outbox.refused(tx, again, [GONE], NOW + HOUR)
        assert outbox.get(tx, queued.id).status == "sent"
        assert states(tx, queued) == {FAY.email: "refused", HELEN.email: "accepted"}


def test_a_letter_is_refused_when_nobody_is_left(database: Database) -> None:
    """One address refused leaves it in the same hands; the last one ends it."""
    with database.begin() as tx:
        queued = claimed(tx)
        outbox.refused(tx, queued, [GONE], NOW)
        assert outbox.get(tx, queued.id).status == "claimed"
        outbox.refused(tx, queued, [replace(GONE, recipient=HELEN.email)], NOW)
        ended = outbox.get(tx, queued.id)
        assert (ended.status, ended.last_error) == ("refused", "5.1.1 no such person")
        assert ended.recipients[0] == (FAY.email, "refused", "5.1.1 no such person")


def test_a_deferred_letter_waits_for_its_time(database: Database) -> None:
    """It is claimed at the retry time, not before, and since when it fails is known until it is sent."""
    with database.begin() as tx:
        queued = claimed(tx)
        assert glance.oldest_failing(asking(tx)) is None
        outbox.deferred(tx, queued, "connection refused", NOW + 2 * HOUR, NOW + HOUR)
        assert (outbox.next_retry(tx), glance.oldest_failing(asking(tx))) == (
            NOW + 2 * HOUR,
            (NOW + HOUR, "connection refused"),
        )
        assert outbox.claim(tx, NOW + HOUR, "a", HOUR) is None
        again = outbox.claim(tx, NOW + 2 * HOUR, "a", HOUR)
        assert again is not None
        assert again.last_error == "connection refused"
        outbox.deferred(tx, again, "refused again", NOW + 4 * HOUR, NOW + 3 * HOUR)
        assert glance.oldest_failing(asking(tx)) == (NOW + HOUR, "refused again")
        last = outbox.claim(tx, NOW + 4 * HOUR, "a", HOUR)
        assert last is not None
        outbox.in_data(tx, last, "o", NOW)
        outbox.sent(tx, last, Outcome((FAY.email, HELEN.email)), NOW)
        assert (outbox.next_retry(tx), glance.oldest_failing(asking(tx))) == (None, None)


def test_a_crash_in_the_middle_is_unknown_when_its_lease_is_over(database: Database) -> None:
    """Found in_data after the lease, never claimed blindly, and proof of it ends the matter."""
    with database.begin() as tx:
        queued = handed_over(tx)
        assert outbox.unknowns(tx, NOW) == []
        (found,) = outbox.unknowns(tx, NOW + HOUR)
        assert found.id == queued.id
        assert outbox.claim(tx, NOW + 9 * HOUR, "b", HOUR) is None
        outbox.proven(tx, found, "a copy in Sent", NOW + HOUR)
        ended = outbox.get(tx, queued.id)
        assert (ended.status, ended.recipients[1]) == ("sent", (HELEN.email, "accepted", "a copy in Sent"))
        assert outbox.unknowns(tx, NOW + 9 * HOUR) == []


def test_an_unknown_letter_is_sent_again_once(database: Database) -> None:
    """One re-send with identical bytes; the second unknown is for a human; the first holder stays locked out."""
    with database.begin() as tx:
        queued = handed_over(tx)
        outbox.unknown(tx, queued, "answer lost", NOW)
        assert [q.status for q in outbox.unknowns(tx, NOW)] == ["unknown"]
        outbox.resend(tx, queued, NOW)
        with pytest.raises(CaseMoved):
            outbox.sent(tx, queued, Outcome((FAY.email,)), NOW)
        again = outbox.claim(tx, NOW, "a", HOUR)
        assert again is not None
        assert (again.raw, again.resends, again.was_in_data) == (b"raw", 1, True)
        outbox.in_data(tx, again, "offer 2", NOW)
        outbox.unknown(tx, again, "answer lost again", NOW)
        with pytest.raises(CaseMoved):
            outbox.resend(tx, again, NOW)
        assert [q.status for q in outbox.open_letters(tx)] == ["unknown"]


def test_a_letter_waits_for_those_that_must_go_first(database: Database) -> None:
    """Served, refused or withheld lets the next go; queued, deferred or held does not; other cases do not matter."""
    first = a_letter(K.INFORMATION, "k/1", to=(HELEN,))
    second = a_letter(K.ESCALATION, "k/1", after=(first.key, first.key, "k/1/information/nobody"))
    with database.begin() as tx:
        outbox.queue(tx, replace(first, message_id=""), 2, NOW)
        outbox.queue(tx, second, 1, NOW)
        number = outbox.queue(tx, first, 1, NOW + HOUR, "held", Hold.FLOOD)
        assert number is not None
        other = outbox.claim(tx, NOW, "a", HOUR)
        assert other is not None
        assert other.case == 2
        assert outbox.claim(tx, NOW, "a", HOUR) is None
        outbox.release(tx, number, NOW)
        queued = outbox.claim(tx, NOW, "a", HOUR)
        assert queued is not None
        assert queued.id == number
        assert outbox.claim(tx, NOW, "a", HOUR) is None
        outbox.refused(tx, queued, [replace(GONE, recipient=HELEN.email)], NOW)
        went = outbox.claim(tx, NOW, "a", HOUR)
        assert went is not None
        assert went.letter == second


def test_a_letter_lost_twice_is_waited_for_no_longer(database: Database) -> None:
    """No case falls silent because an earlier letter's answer was lost and its re-send too."""
    first = a_letter(K.INFORMATION, "k/1", to=(HELEN,))
    with database.begin() as tx:
        queued = handed_over(tx, first)
        outbox.queue(tx, a_letter(K.ESCALATION, "k/1", after=(first.key,)), 1, NOW)
        outbox.unknown(tx, queued, "lost", NOW)
        assert outbox.claim(tx, NOW, "a", HOUR) is None
        outbox.resend(tx, queued, NOW)
        again = outbox.claim(tx, NOW, "a", HOUR)
        assert again is not None
        outbox.in_data(tx, again, "o", NOW)
        outbox.unknown(tx, again, "lost", NOW)
        went = outbox.claim(tx, NOW, "a", HOUR)
        assert went is not None
        assert went.letter.kind is K.ESCALATION


def test_a_bounce_counts_once(database: Database) -> None:
    """The first bounce of an address is news; the second, and one for an address it never had, are not."""
    with database.begin() as tx:
        queued = handed_over(tx)
        outbox.sent(tx, queued, Outcome((FAY.email, HELEN.email)), NOW)
        assert outbox.bounced(tx, queued.id, FAY.email.upper(), "5.1.1", "gone", NOW)
        assert not outbox.bounced(tx, queued.id, FAY.email, "5.1.1", "gone", NOW)
        assert not outbox.bounced(tx, queued.id, "nobody@x.example", "5.1.1", "", NOW)
        assert outbox.get(tx, queued.id).recipients[0] == (FAY.email, "bounced", "5.1.1 gone")


def test_held_and_withheld_letters_stay_until_released(database: Database) -> None:
    """Neither goes by itself; a letter already in somebody's hands is not held."""
    with database.begin() as tx:
        shadow = outbox.queue(tx, a_letter(occasion="1"), 1, NOW, "withheld")
        plain = outbox.queue(tx, a_letter(occasion="2"), 1, NOW)
        assert shadow is not None
        assert plain is not None
        outbox.hold_all(tx, "more than ten today", NOW)
        assert outbox.claim(tx, NOW, "a", HOUR) is None
        assert [q.last_error for q in outbox.open_letters(tx)] == ["more than ten today"]
        assert len(outbox.times_of(tx, 1, FAY.email, NOW)) == 1
        outbox.release(tx, plain, NOW)
        outbox.release(tx, shadow, NOW)
        queued = outbox.claim(tx, NOW, "a", HOUR)
        assert queued is not None
        outbox.drop(tx, queued.id, "no longer true", NOW)
        late = outbox.get(tx, queued.id)
        assert (late.status, late.held_for) == ("claimed", None)


def test_letters_of_a_day_are_counted_by_case_and_address(database: Database) -> None:
    """To and cc count alike; other cases, other people and earlier days do not."""
    with database.begin() as tx:
        for n, case in enumerate((1, 1, 2)):
            outbox.queue(tx, replace(BOTH, occasion=str(n)), case, NOW + n * HOUR)
        assert len(outbox.times_of(tx, 1, HELEN.email.upper(), NOW)) == 2
        assert len(outbox.times_of(tx, 1, HELEN.email, NOW + HOUR)) == 1
        assert len(outbox.times_of(tx, 1, "tom.lee@csc.example", NOW)) == 0
        assert [q.letter.occasion for q in outbox.of_case(tx, 1)] == ["0", "1"]


def test_a_restart_frees_what_its_earlier_life_held(database: Database) -> None:
    """Claimed letters may be claimed at once, handed-over ones are looked into at once; the dead life is fenced off."""
    with database.begin() as tx:
        over = handed_over(tx)
        held = claimed(tx, a_letter(occasion="2"))
        assert outbox.free(tx, "somebody else", NOW) == 0
        assert outbox.free(tx, "a", NOW) == 2
        assert [q.id for q in outbox.unknowns(tx, NOW)] == [over.id]
        again = outbox.claim(tx, NOW, "a", HOUR)
        assert again is not None
        assert again.id == held.id
        with pytest.raises(CaseMoved):
            outbox.sent(tx, over, Outcome((FAY.email,)), NOW)


def test_several_senders_claim_each_letter_once(database: Database) -> None:
    """Four threads empty an outbox of forty letters: every letter is claimed by one of them."""
    with database.begin() as tx:
        for n in range(40):
            outbox.queue(tx, a_letter(occasion=str(n)), 1, NOW)
    taken: list[list[str]] = [[] for _ in range(4)]

    def work(owner: int) -> None:
        while True:
            with database.begin() as tx:
                queued = outbox.claim(tx, NOW, str(owner), HOUR)
            if queued is None:
                return
            taken[owner].append(queued.letter.occasion)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(o for some in taken for o in some) == sorted(map(str, range(40)))


def test_listed_letters_keep_their_own_recipients(database: Database) -> None:
    """Letters read together are not mixed up."""
    with database.begin() as tx:
        for n in range(3):
            to = (Contact(f"p{n}@csc.example"),)
            outbox.queue(tx, a_letter(occasion=str(n), to=to), 1, NOW)
        assert [q.recipients[0][0] for q in outbox.open_letters(tx)] == [f"p{n}@csc.example" for n in range(3)]


def test_two_who_learn_of_one_letter_at_once_are_one_chain(database: Database) -> None:
    """Each of four bounces of one letter, learnt at the same time by four threads, is in what was sealed last."""
    people = [replace(HELEN, email=f"helen{n}@health.example") for n in range(4)]
    with database.begin() as tx:
        letters = [outbox.queue(tx, a_letter(K.NOTICE, f"mail/{n}", cc=tuple(people)), 1, NOW) for n in range(12)]
    ready = threading.Barrier(len(people))

    def bounce(who: Contact) -> None:
        for letter in letters:
            ready.wait(30)
            with database.begin() as tx:
                outbox.bounced(tx, letter or 0, who.email, "5.1.1", "gone", NOW)

    threads = [threading.Thread(target=bounce, args=(who,)) for who in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.read() as tx:
        assert beside.faults(tx) == []
