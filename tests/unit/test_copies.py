"""Copies of the policy's to roles that one person may hold: one letter to each person, and none waits for itself."""

from bot.case.making.draft import Draft
from bot.model import Contact, LetterKind
from bot.model.letters import Information
from bot.rules.policy.blocks import Notify
from tests.unit.case_samples import first_stage, letters, opened, rules, to

ANIL = "anil.rao@csc.example"


def told(*roles: str, first: bool) -> tuple[list[set[str]], list[tuple[str, ...]]]:
    """Whom the copies of an opening go to, and what its notice waits for."""
    copies = tuple(Notify(role=role, when="enter", first=first, side="responding") for role in roles)
    base = rules()
    decision = opened(book=rules(stages=first_stage(base.policy, notify=copies)))
    notify = letters(decision, LetterKind.INFORMATION, "notify")
    return [to(one) for one in notify], [one.after for one in notify]


def test_who_holds_two_roles_has_one_copy() -> None:
    """Two letters of one occasion to one address would be one row, and the other lost."""
    people, after = told("service_manager", "service_manager", first=True)
    assert people == [{ANIL}]
    assert after == [()]


def test_each_of_two_people_has_a_copy_in_their_order() -> None:
    """The second waits for the first."""
    people, after = told("service_manager", "designated_safeguarding_lead", first=True)
    assert people == [{ANIL}, {"dev.patel@csc.example"}]
    assert [len(keys) for keys in after] == [0, 1]


def test_two_wordings_of_one_kind_to_one_person_are_two_letters() -> None:
    """Of one mail, and to one person first: with one key the outbox would keep the first alone."""
    case = opened().case
    draft = Draft(case, rules(), case.opened, "a mail")
    to_anil, other = [Contact(ANIL)], Contact("dev.patel@csc.example")
    draft.write(Information.Nobody(tried=()), to_anil)
    draft.write(Information.NotTheirs(), [*to_anil, other])
    assert len({one.key for one in draft.letters}) == 2
