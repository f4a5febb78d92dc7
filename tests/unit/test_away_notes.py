"""Notes that somebody is away or a place closed, without a header that says so: they stop no clock in any wording."""

from datetime import UTC, datetime

import pytest
from ruamel.yaml import YAML

from bot.mail.read import Reading
from bot.mail.read import read as read_mail
from bot.mail.understood import described
from bot.mail.words.meaning import Reply, read
from bot.model import Meaning
from tests import train

NOW = datetime(2027, 1, 12, 12, tzinfo=UTC)
HEAD = (
    "From: Fay Marsden <fay.marsden@csc.example>\nTo: clock@partnership.example\nMessage-ID: <one@csc.example>\n"
    "Date: Tue, 12 Jan 2027 10:00:00 +0000\nIn-Reply-To: <letter@partnership.example>\n"
    "Subject: Re: an answer is due\nContent-Type: text/plain; charset=utf-8\n\n"
)

NOTES = (
    "We do not check this account in the school holidays. Children at risk: ring 999 or the council on 01632 960100.",
    (
        "Hollybank Primary is shut for the holiday and opens again to pupils on Monday 22 February at 8.45. The "
        "office will look at emails in the week of opening. For safeguarding worries in the holidays please "
        "telephone the council."
    ),
    "School has now broken up for Easter. We reopen on Tuesday 20 April. Messages are not being read until then.",
    "The school office is closed for half-term. If you have a safeguarding concern ring the MASH on 01632 960100.",
    (
        "St Anne's is closed from Friday 18 December and will re-open on Tuesday 5 January. Staff do not have "
        "access to email during the holiday. Merry Christmas!"
    ),
    (
        "Our nursery closes between Christmas and New Year. We are back on 4 January and will deal with anything "
        "outstanding then."
    ),
    "Term has ended. The next term starts on 6 September and I will read what has come in then.",
    "We are on our summer break. Emails sent to this address will be picked up in September.",
    "Today is an INSET day and the school is closed to pupils and staff. We will be back tomorrow.",
    "The surgery is shut this afternoon for staff training. We open again at 8am tomorrow. Ring 111 if it cannot wait.",
    "This mailbox is not monitored. Please send safeguarding matters to mash@council.example.",
    "Nobody looks at this inbox at weekends. It will be read on Monday morning.",
    "You have reached the duty inbox of the Children in Need team. It is staffed from 9 to 5 on weekdays.",
    "I work Monday to Wednesday. I will pick up your message on my next working day.",
    "My days in work are Tuesday and Thursday. If it is urgent, Dawn Pritchard can help: 01632 960200.",
    "I'm part time and not in again until Wednesday.",
    "I don't work Fridays. My manager Tom Lee is on 01632 960101.",
    (
        "I am now on maternity leave until November. Kelly Shaw is covering my caseload and can be reached at "
        "kelly.shaw@csc.example."
    ),
    "I have started my maternity leave. My work has gone to Priya Shah.",
    "I've left the Trust. For health visiting enquiries write to hv.admin@trust.example.",
    "I have moved to another role in the council and no longer read this mailbox. Adult services: 01632 960300.",
    "Fay Marsden retired at the end of December. Her post is held by Dev Anand.",
    "I am off sick at the moment and don't know when I shall be back. The duty team will help.",
    "Currently away from my desk with patchy signal. Back Thursday.",
    "I'm out on visits all day and won't see this until this evening.",
    "I will be in the Crown Court all week giving evidence and cannot pick up messages. Speak to duty on 01632 960222.",
    "On a course today, phone off. Normal service tomorrow.",
    "Annual leave 11 to 22 January. Nothing will be read or forwarded.",
    "I'm on nights this week so will reply at odd times.",
    "Bank holiday Monday: the office is closed. Emergency Duty Team 01632 960999.",
    "The office has closed for the day. We open at 9am on Monday.",
    "Our offices are moving and email is down until Thursday. Please bear with us.",
    "Thanks for your email. I'm having a well-earned break and will be back in the saddle on the 25th.",
    "Rwy'n gweithio dydd Llun i ddydd Mercher. I work Monday to Wednesday.",
    "The Designated Safeguarding Lead is away this week. The deputy, Mrs Joan Whitlock, can be found on 01632 960400.",
    "I'm on secondment to the region till April. Contact Sam Field in my place.",
    "Paternity leave! Back on 1 February. In my absence: Ade Finch.",
    "The college is on its Christmas closure; lessons start again on 5 January and tutors will be in touch then.",
    "I finish work at 2.30 each day and your email came after that. I will see it tomorrow.",
    "You've caught me on leave - back in the office on Thursday when I'll catch up with emails.",
    "Our phone lines and inbox are open 10 till 4, Monday to Thursday. All messages are read in turn.",
    "This address is changing. From 1 February please use front.door@council.example.",
    "Dr Esposito is on study leave. Another doctor is looking at her post.",
    "I'm at a conference with limited wifi. My PA is reading my inbox and will pass on what can't wait.",
    "Half term this week, so replies may be slow.",
    (
        "Thank you for contacting the Westmere MASH. Your message has reached us and will be read by the next "
        "available officer. We reply to professionals inside one working day. If you have not heard from us by "
        "then, ring 01632 960900, option 2. Please do not send the same message twice."
    ),
    "The school is having its Christmas break and everyone will be in again from 5 January.",
    "The practice is closed between 1 and 2pm each day and on bank holidays.",
    "I am on jury service for a fortnight.",
    "Fay is on leave. This is an automatic note from her account.",
    "The nursery will be open again after the February break.",
    "Away. Back soon.",
    "We have shut for the festive season and wish you a peaceful Christmas.",
)
#: In words that the lists do not know: asked about, and never an answer.
OTHERS = (
    "Police front counter closed today. Officers on rest days return Friday and will respond then.",
    (
        "Please note that Oakfield Academy finishes for summer today at 1pm. We look forward to seeing everyone in"
        " September."
    ),
    "We are closed on Wednesdays and weekends. Leave a message and somebody will get to it.",
    "This is the shared mailbox of the Health Visiting Service, looked at twice a day.",
    "I have now finished at Westmere Council. Kelly has taken over from me.",
    "Sorry I've missed you, I'm in Tenerife till the 20th!",
    "Not at work today. Tom has my phone.",
    "My contract ended on Friday. Please take me off your list and use duty@csc.example.",
    "Gone for the day, back in at 7am.",
    "On strike today and tomorrow.",
    "I'm between offices this morning, signal poor.",
    "I have compassionate leave this week. Dev has my diary.",
    "I am recovering from an operation and not expected back before March.",
    "I'm on a phased return: mornings only.",
    "There is nobody in the office this week owing to the move to Civic Centre.",
    "We've had a power cut and nothing is working. Try again tomorrow.",
    "The safeguarding team meets on Tuesday mornings and cannot answer mail until noon.",
    "The office of the Independent Reviewing Officers is unattended until Monday.",
    "The Trust's mail was migrated at the weekend and some people can't get in. Ring if you need someone.",
    "I look at mail on Tuesdays and Fridays only.",
    "Your mail is in my inbox but I am not: back 25/1.",
    "Our service runs Monday to Friday, 8.30 to 5. Outside those times ring EDT on 01632 960999.",
    "Teachers are not in school during the holidays and will not see this message.",
    "Both our DSLs are on a training day. For emergencies ring the head on 01632 960444.",
    "I've handed over to Priya as of 1 January and won't be reading these any more.",
    "School finished on Friday and nobody is on site until the new term.",
    "The clinic does not run over half term; messages left here get listened to on 22 February.",
    "I am on call overnight and asleep in the day, so expect silence until 6pm.",
)
ANSWERS = (
    "I'm on leave from tomorrow but the strategy meeting is booked for Monday at 10 and Dev will chair it.",
    (
        "The school is closed for half term. We have put a safety plan in place and the child will be seen at home"
        " on Wednesday."
    ),
    "I work Monday to Wednesday. I saw the child today and the case stays open.",
    "The case is closed and will not be reopened on Monday.",
    "The nursery is closed, so the child has been moved to a childminder and is seen daily.",
    "The placement closes on Friday and he moves to his aunt on Monday.",
    "The office was shut when mother called; we have since visited and the children are safe.",
    "Contact is off for the holiday and starts again on Monday with a supervisor.",
    "The referral was closed in December. We have opened it again today.",
    "The unit is shut to new admissions and she will not be admitted.",
    "School is closed to her: she has been permanently excluded and the governors upheld it.",
    "The children's home opens again on Monday and he will go back there.",
    "He is back at school from Monday on a part-time table, agreed with his mother.",
)
HOLDING = (
    "Helen, I have this and will come back to you properly before four.",
    "Got it thanks, with my duty manager now and she will answer you",
    "Your letter is with our legal team, who will reply to you by Friday.",
    "Ade manages this team now so I am handing your challenge to him and he will respond.",
    "No problem at all, we will get back to you about this next week.",
    "Received - by 4pm today",
    "Thanks both",
    "Could you tell me which of the two addresses you mean, and whether the school has been told?",
)
#: Made of the same words as a promise, and none.
NO_PROMISES = (
    "We will send a worker today.",
    "Thanks, we will cover the hours from Monday.",
    "We will give you a worker from Monday.",
    "Thanks, Jayden will come back on Monday.",
    "We have her and will get back to you.",
    "Noted, and the matter is at an end.",
    "Thanks. Let her come back.",
    "All your points are answered by the letter.",
    "We will look into this and come back to you, the answer for now is as before.",
    "I'm in court today, Tom will pick this up.",
)


def meant(text: str) -> str:
    said = described(read_mail(f"{HEAD}{text}\n".encode(), Reading(), NOW))
    return str(said["meaning"] or "no person's")


@pytest.mark.parametrize("text", NOTES)
def test_a_note_holds(text: str) -> None:
    """A note of which each sentence tells of hours, a holiday, a mailbox or who is there instead holds."""
    assert meant(text) in ("holding", "no person's")


@pytest.mark.parametrize("text", OTHERS)
def test_a_note_in_unknown_words_is_never_an_answer(text: str) -> None:
    """With one sign of an absence and no word of the matter a mail is asked about."""
    assert meant(text) == "doubtful"


def test_no_note_that_was_written_without_sight_of_the_lists_is_an_answer() -> None:
    """Forty notes, written without sight of the lists; these were mended with sight of two of them since."""
    unseen = train.FOLDER.parent / "unseen" / "away.yaml"
    notes = YAML(typ="safe", pure=True).load(unseen.read_text("utf-8"))
    assert len(notes) == 40
    assert [text for text in notes if meant(text) == "answer"] == []


@pytest.mark.parametrize("text", ANSWERS)
def test_an_answer_beside_a_note_stays_one(text: str) -> None:
    """What was decided or done answers, whoever is away; a case that closes is no office."""
    assert meant(text) == "answer"


@pytest.mark.parametrize("text", HOLDING)
def test_words_of_the_reply_alone_hold(text: str) -> None:
    """A promise, a thank-you or a delegation in whatever order of a closed list of words, with names."""
    assert read(Reply(text, writer="Fay Marsden")).meaning is Meaning.HOLDING


@pytest.mark.parametrize("text", NO_PROMISES)
def test_an_act_in_such_words_is_no_promise(text: str) -> None:
    """An act for the child, a claim or an intention is answered or asked about, never held for a promise."""
    assert read(Reply(text, writer="Fay Marsden")).meaning is not Meaning.HOLDING
