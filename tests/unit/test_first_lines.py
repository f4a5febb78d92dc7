"""Words of command as people write them: greetings, names and thanks round them, with and without a colon, in capitals
or not; and the ordinary sentences that only begin alike."""

import pytest

from bot.mail.words.commands import command, yes_or_no
from bot.model import Command, Word

#: first lines -> the word, and what stands behind it
TAKEN: dict[str, tuple[str, str]] = {
    # thanks, please and a name round the word
    "Resolved, thank you Fay": ("RESOLVED", ""),
    "RESOLVED - thank you Fay": ("RESOLVED", ""),
    "RESOLVED – many thanks": ("RESOLVED", ""),
    "RESOLVED. Thanks": ("RESOLVED", ""),
    "RESOLVED, thanks all.": ("RESOLVED", ""),
    "Resolved thanks": ("RESOLVED", ""),
    "Resolved, many thanks to you all": ("RESOLVED", ""),
    "Resolved with thanks to all of you": ("RESOLVED", ""),
    "Many thanks to you both, resolved": ("RESOLVED", ""),
    "Resolved, thanks to you he has a worker": ("RESOLVED", "thanks to you he has a worker"),
    "Resolved, thank you for your help with this": ("RESOLVED", ""),
    "Resolved. Thank you very much for getting back to me so quickly.": ("RESOLVED", ""),
    "RESOLVED (thank you)": ("RESOLVED", ""),
    "RESOLVED 👍": ("RESOLVED", ""),
    "✅ RESOLVED": ("RESOLVED", ""),
    "RESOLVED :)": ("RESOLVED", ""),
    "**Resolved!**": ("RESOLVED", ""),
    "- Resolved": ("RESOLVED", ""),
    "Resolved. Helen": ("RESOLVED", ""),
    "Resolved, kind regards, Helen Visser": ("RESOLVED", ""),
    "Thank you Fay, resolved.": ("RESOLVED", ""),
    "Thanks - RESOLVED": ("RESOLVED", ""),
    "Thanks for this. RESOLVED": ("RESOLVED", ""),
    "Hello, RESOLVED": ("RESOLVED", ""),
    "Hi Fay, RESOLVED": ("RESOLVED", ""),
    "Hi Fay - resolved, thanks": ("RESOLVED", ""),
    "hi fay, resolved": ("RESOLVED", ""),
    "Good morning Fay. Resolved.": ("RESOLVED", ""),
    "Dear all: RESOLVED": ("RESOLVED", ""),
    "Yes, resolved": ("RESOLVED", ""),
    "Yes - RESOLVED, thank you": ("RESOLVED", ""),
    "Hi\n\nRESOLVED": ("RESOLVED", ""),
    "Hi Helen,\n\nRESOLVED\n\nFay": ("RESOLVED", ""),
    "Good afternoon\n\nResolved, thank you.": ("RESOLVED", ""),
    "Helen,\n\nResolved": ("RESOLVED", ""),
    "Dear Ms Marsh,\n\nRESOLVED\n\nKind regards\nHelen Visser": ("RESOLVED", ""),
    "Hi Fay, thanks for this.\n\nRESOLVED": ("RESOLVED", ""),
    "Hope you are well.\nRESOLVED": ("RESOLVED", ""),
    "Thanks\nRESOLVED": ("RESOLVED", ""),
    "Fay - RESOLVED": ("RESOLVED", ""),
    "Fay, resolved thanks": ("RESOLVED", ""),
    "Resolved, have a good weekend": ("RESOLVED", ""),
    "To whom it may concern\n\nRESOLVED": ("RESOLVED", ""),
    "ON FILE, thanks. Nina": ("ON FILE", ""),
    "Appoint: Gwen Hall": ("APPOINT", "Gwen Hall"),
    "DECIDED. Extended": ("DECIDED", "Extended"),
    "URGENT!!! please call": ("URGENT", "please call"),
    "Phone spoke to Helen at ten": ("PHONE", "spoke to Helen at ten"),
    "Status?": ("STATUS", ""),
    "Close it all the same": ("CLOSE", ""),
    "Withdraw please": ("WITHDRAW", ""),
    "Please withdraw": ("WITHDRAW", ""),
    "Not urgent, thanks": ("NOT URGENT", ""),
    "On file, thank you": ("ON FILE", ""),
    "ON FILE - thanks Priya": ("ON FILE", ""),
    "Accept, many thanks": ("ACCEPT", ""),
    "Decline. Sorry": ("DECLINE", ""),
    "Not mine, sorry": ("NOT MINE", ""),
    "Reopen please": ("REOPEN", ""),
    "please reopen": ("REOPEN", ""),
    "Status please": ("STATUS", ""),
    "Hi, STATUS please": ("STATUS", ""),
    "WHY": ("WHY", ""),
    "Why?": ("WHY", ""),
    "Close": ("CLOSE", ""),
    "CLOSE, thank you": ("CLOSE", ""),
    # what only adds visibility acts with any words
    "please escalate": ("ESCALATE", ""),
    "Please escalate this": ("ESCALATE", "this"),
    "Escalate to Dev please": ("ESCALATE", "to Dev please"),
    "ESCALATE to step 3": ("ESCALATE", "to step 3"),
    "escalate, nobody rings back": ("ESCALATE", "nobody rings back"),
    "Escalate. This is not good enough.": ("ESCALATE", "This is not good enough."),
    "NOT RESOLVED: nobody has seen him": ("NOT RESOLVED", "nobody has seen him"),
    "NOT RESOLVED - he has not been seen": ("NOT RESOLVED", "he has not been seen"),
    "Not resolved, nobody has seen the older child.": ("NOT RESOLVED", "nobody has seen the older child."),
    "Not resolved as far as I am concerned": ("NOT RESOLVED", "as far as I am concerned"),
    "NOT-RESOLVED": ("NOT RESOLVED", ""),
    "No, not resolved": ("NOT RESOLVED", ""),
    "Sorry, not resolved.": ("NOT RESOLVED", ""),
    "Hi Fay, not resolved I'm afraid": ("NOT RESOLVED", "I'm afraid"),
    "URGENT: she was taken to A&E": ("URGENT", "she was taken to A&E"),
    "Urgent - he is missing": ("URGENT", "he is missing"),
    "URGENT please ring me": ("URGENT", "please ring me"),
    "Urgent please": ("URGENT", ""),
    "REOPEN: he was hurt again": ("REOPEN", "he was hurt again"),
    # a colon is never needed
    "PHONE spoke with Helen at 2pm": ("PHONE", "spoke with Helen at 2pm"),
    "PHONE spoke with Helen at 2pm, agreed to visit": ("PHONE", "spoke with Helen at 2pm, agreed to visit"),
    "phone: spoke at noon": ("PHONE", "spoke at noon"),
    "Phone - spoke with Fay at ten": ("PHONE", "spoke with Fay at ten"),
    "Hi Helen, PHONE spoke with Dev": ("PHONE", "spoke with Dev"),
    "DECIDED the plan is extended by three months": ("DECIDED", "the plan is extended by three months"),
    "Decided. The plan is to be extended.": ("DECIDED", "The plan is to be extended."),
    "decided: extended": ("DECIDED", "extended"),
    "OUTCOME the assessment is open again": ("OUTCOME", "the assessment is open again"),
    "Outcome - joint visit, Fay, Friday": ("OUTCOME", "joint visit, Fay, Friday"),
    "Hi Helen,\n\nOUTCOME the plan stands": ("OUTCOME", "the plan stands"),
    "RECEIVED by 3pm": ("RECEIVED", "by 3pm"),
    "RECEIVED by": ("RECEIVED", "by"),
    "Received, by noon tomorrow": ("RECEIVED", "by noon tomorrow"),
    "RECEIVED, thank you": ("RECEIVED", ""),
    "Hi Helen, RECEIVED by 4pm": ("RECEIVED", "by 4pm"),
    "MEETING on Tuesday 19 January": ("MEETING", "on Tuesday 19 January"),
    "Appoint Gwen Hall": ("APPOINT", "Gwen Hall"),
    "Extend 2 working days please": ("EXTEND", "2 working days please"),
    "Answered by telephone this morning": ("ANSWERED", "by telephone this morning"),
    # YES and NO
    "Yes please": ("YES", ""),
    "Yes, thank you": ("YES", ""),
    "YES - it is": ("YES", ""),
    "Yes that's right": ("YES", ""),
    "Hi, yes please": ("YES", ""),
    "No": ("NO", ""),
    "No.\n\nHelen": ("NO", ""),
    "No thank you": ("NO", ""),
    "No, it is not": ("NO", ""),
    "No - not yet": ("NO", ""),
    # a ref beside it
    "HOLD CE-2027-0001": ("HOLD", "CE-2027-0001"),
    "Hold [CE-2027-0001]": ("HOLD", "CE-2027-0001"),
    "STATUS CE-2027-0001": ("STATUS", "CE-2027-0001"),
    "status of CE-2027-0001 please": ("STATUS", "of CE-2027-0001 please"),
    "RELEASE: CE-2027-0001": ("RELEASE", "CE-2027-0001"),
    "Please hold CE-2027-0001, the wrong letter is attached": ("HOLD", "CE-2027-0001, the wrong letter is attached"),
}

#: Sentences that begin with a word, or hold one, and ask for nothing.
NO_WORDS = (
    "No problem, will do",
    "No problem",
    "No worries, thanks",
    "No further action is planned",
    "No change here",
    "No one has been",
    "No-one was at home",
    "Nothing to add",
    "Yes we saw him yesterday and he is well",
    "Yes, we visited on Friday.",
    "Yes, but I would like somebody to ring me",
    "No, we have not been told",
    "Resolved to hold a meeting on Friday",
    "Resolved at the strategy meeting to keep the plan",
    "resolved that the plan continues",
    "RESOLVED?",
    "Is it resolved?",
    "Escalate?",
    "It is resolved",
    "I think it is RESOLVED",
    "Almost, resolved",
    "Partly - resolved",
    "We hope to have it resolved by Monday",
    "Hi Fay, it is not resolved",
    "hi it is not, resolved",
    "Hello Fay, we have resolved to visit",
    "Thanks, we resolved it with the school",
    "Escalated to Dev this morning",
    "Escalation is not needed",
    "Urgent visit made today, the child is safe",
    "urgent strategy meeting held this morning",
    "Urgently needed",
    "Withdrawing the offer",
    "Withdrawn from nursery last week",
    "Extended family are caring for him",
    "phone me tomorrow",
    "PHONE ME PLEASE",
    "Phone call with the mother at noon, she agreed to the visit",
    "The outcome: none",
    "outcome is good",
    "Outcome of the meeting was a joint visit",
    "Decided to visit on Friday",
    "decided yesterday that the plan stays",
    "Received with thanks",
    "Received your challenge; we visited today.",
    "Thanks, received.",
    "Meeting notes are attached",
    "Meeting the family tomorrow",
    "Correct, we did not visit",
    "Thanks, correct.",
    "Report attached",
    "Record of the visit attached",
    "Open case, allocated to Jo",
    "Hold on, I will check",
    "Please hold the line",
    "Please help us to find her",
    "Accept that we were late",
    "Decline in her weight is noted",
    "On file are the two reports",
    "Status quo remains",
    "Go ahead with the visit",
    "Leave it with me",
    "Close to a decision",
    "Closed on Friday",
    "Why was he not seen?",
    "Why not",
    "Reopened the assessment this morning",
    "Answering your questions in turn",
    "Not mine to decide, the chair has it",
    "Child protection plan since May",
    "Hi Helen",
    "Thanks",
    "Kind regards",
    "Helen",
    "",
)

#: Words that close or give time, and whether nothing beside them speaks against it.
PLAIN = {
    "RESOLVED": True,
    "Resolved, thank you Fay": True,
    "RESOLVED\n\nThank you all.\nHelen": True,
    "RESOLVED\n\nFay visited on Friday and the family has a worker again.": True,
    "RESOLVED\n\nKind regards\nHelen Visser\nHealth visitor | 01632 960101\nI do not work on Fridays": True,
    "RESOLVED CE-2027-0001": True,
    "RESOLVED\n\nprovided that somebody sees the baby today. If not, it is not.": False,
    "RESOLVED provided somebody sees the baby": False,
    "RESOLVED\nas long as he is seen": False,
    "RESOLVED once the visit has happened": False,
    "Resolved if they visit today": False,
    "Resolved, but I want it in writing": False,
    "Resolved for now": False,
    "RESOLVED from our side": False,
    "RESOLVED - partly": False,
    "Resolved, unless Fay says otherwise": False,
    "RESOLVED, thank you, but the baby needs seeing": False,
    "RESOLVED\n\nCan you tell me who will visit?": False,
    "RESOLVED\nwho will visit?": False,
    "RESOLVED\n\nI am still waiting to hear who the worker is.": False,
    "RESOLVED\nHowever the older child was not seen.": False,
    "RESOLVED\n\nHe came to school with a bruise this morning.": False,
    "RESOLVED\nThanks\n\nPS only if somebody rings the mother": False,
    "RESOLVED\nsubject to the visit": False,
    "RESOLVED\nIt isn't what I asked for.": False,
    "WITHDRAW": True,
    "WITHDRAW\nSent to the wrong team.": True,
    "WITHDRAW - if Fay rings me": False,
    "Withdraw - sent in error": False,
    "NOT URGENT": True,
    "Not urgent unless he goes home": False,
    "EXTEND 2 working days": True,
    "EXTEND until Friday 5pm": True,
    "EXTEND 2 working days if they ask": False,
    "ANSWERED by telephone at ten": True,
    "ANSWERED yesterday at 4pm, but I disagree": False,
    "YES": True,
    "Yes please\n\nHelen": True,
    "YES\n\nas long as the visit happens": False,
    "CLOSE": True,
    "CLOSE but only the first one": False,
}


@pytest.mark.parametrize("text", TAKEN)
def test_a_word_is_taken_as_people_write_it(text: str) -> None:
    """A greeting, a name, thanks or please round it are no words; what follows is kept where the word may have it."""
    found = command(text)
    assert found is not None, text
    assert (found.word, found.note) == TAKEN[text]


@pytest.mark.parametrize("text", NO_WORDS)
def test_an_ordinary_sentence_is_no_command(text: str) -> None:
    """It may begin with a word, or hold one: nothing follows from it by itself."""
    assert command(text) is None


@pytest.mark.parametrize("text", PLAIN)
def test_what_stands_beside_a_word_is_weighed(text: str) -> None:
    """A condition, a negation, a question, a new risk, or words on its line make a word that closes doubtful."""
    found = command(text)
    assert found is not None
    assert found.is_plain is PLAIN[text]


def test_a_name_that_is_known_may_stand_beside_the_word() -> None:
    """The writer's and the readers' names are no words; a word that is nobody's name is one."""
    assert command("RESOLVED Fay", ("Helen Visser", "Fay Marsh")) == Command(Word.RESOLVED)
    partly = command("RESOLVED Partly", ("Helen Visser", "Fay Marsh"))
    assert partly is not None
    assert not partly.is_plain


@pytest.mark.parametrize(
    ("text", "word", "note", "is_plain"),
    [
        ("Yes, but nobody has seen the older child", Word.YES, "but nobody has seen the older child", False),
        ("Yes, he was seen", Word.YES, "he was seen", False),
        ("Hi Fay,\nyes", Word.YES, "", True),
        ("No. That does not answer my question.", Word.NO, "That does not answer my question.", False),
        ("No he has not been seen", Word.NO, "he has not been seen", False),
        ("No, nobody has seen him", Word.NO, "nobody has seen him", False),
    ],
)
def test_yes_and_no_with_words_answer_a_question(text: str, word: Word, note: str, is_plain: bool) -> None:
    """They begin ordinary sentences too, so only whoever knows that a question was put may read them so."""
    assert yes_or_no(text) == Command(word, note, is_plain)


@pytest.mark.parametrize(
    "text", ["No problem, will do", "No worries", "No further questions", "Yesterday", "Nobody came"]
)
def test_no_problem_is_not_no(text: str) -> None:
    """Nor is any other thing that people say beginning so."""
    assert yes_or_no(text) is None


def test_a_first_line_without_end_is_read_at_once() -> None:
    """Ten thousand greetings cost no time and are no word."""
    assert command("hi " * 10_000) is None
    assert command("thanks\n" * 10_000) is None
