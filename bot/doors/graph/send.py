"""Letters out by Microsoft Graph: a draft made of our bytes, whose id is known before it is sent, and then `/send`.

The id is immutable: whatever becomes of the answer, the draft can be asked for later, and it can be sent once only. A
draft is answered with 201 and a send with 202; everything else is no success, and after `/send` mostly no certainty.
It never tries a send again and relies on no header to survive. Not handled: sending on behalf of somebody else.
"""

import base64
import contextlib
from collections.abc import Mapping, Sequence
from typing import Any

from bot.doors.gate import Allowed, check_lines, sift
from bot.doors.graph.client import Answer, Graph
from bot.doors.graph.mime import Attached, addressed, lightened
from bot.doors.ports import CarriedOffer, Envelope, Outcome, Refusal
from bot.model.errors import DoorClosed, Unsure
from bot.model.failpoints import failpoint
from bot.settings.settings import Door

#: Bytes of the largest MIME that is surely sent: above it a send was seen to answer 200 and do nothing.
LARGEST_MIME = 2_200_000
#: A file of this size is uploaded in pieces; a smaller one may not be.
SMALLEST_UPLOAD = 3_145_728
#: Bytes of one piece: below 4 MB, and a multiple of 320 KiB.
PIECE = 3_276_800

#: The service's words for a letter that it will not carry: the letter's fault, and certain.
TOO_LARGE = frozenset({"ErrorMessageSizeExceeded", "RequestEntityTooLarge"})
BAD_ADDRESS = frozenset({"ErrorInvalidRecipients"})
#: Statuses by which a request was turned away before anything was done.
TURNED_AWAY = frozenset({400, 401, 403, 404, 405, 406, 411, 413, 415})


class TurnedDown(Exception):
    """The service will not carry this letter, whenever it is tried."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        super().__init__(answer.code)


class GraphTransport:
    """A Transport out of one mailbox. For one thread."""

    def __init__(self, door: Door, allowed: Allowed) -> None:
        self._allowed = allowed
        self._graph = Graph("letters", door, "the permissions Mail.ReadWrite and Mail.Send for it")
        self._current: CarriedOffer | None = None
        self._doubtful: dict[str, str] = {}  # Message-ID -> the draft of which nobody knows whether it was sent

    def offer(self, envelope: Envelope) -> CarriedOffer:
        """Makes the draft, files and all. Raises DoorClosed, Throttled."""
        check_lines(envelope.raw)
        accepted, barred = sift(envelope, self._allowed)
        parted = lightened(addressed(envelope.raw, accepted), LARGEST_MIME) if accepted else None
        if accepted and parted is None:
            words = f"its words alone are larger than {LARGEST_MIME:,} bytes, the most that Microsoft Graph carries"
            barred = (*barred, *(Refusal(address, "5.3.4", words, is_hard=True) for address in accepted))
        if parted is None:
            self._current = CarriedOffer(self, envelope, (), barred)
            return self._current
        self._sweep(envelope.message_id)
        try:
            id_, given = self._draft(*parted)
        except TurnedDown as no:
            self._current = CarriedOffer(self, envelope, (), (*barred, *_about_the_letter(no.answer, accepted)))
        else:
            self._current = CarriedOffer(self, envelope, accepted, barred, id_, _assigned(given, envelope))
        return self._current

    def deliver(self, offer: CarriedOffer) -> Outcome:
        """`/send`, for the offer made last. Called by the offer."""
        if offer is not self._current or not offer.accepted:
            raise DoorClosed("this offer is over: the letter must be offered again")
        self._current = None
        self._doubtful[offer.envelope.message_id] = offer.id
        failpoint("graph.send.before")
        answer = self._graph.hand_over(self._graph.url("messages", offer.id, "send"))
        failpoint("graph.send.after")
        if answer.is_page or (answer.status != 202 and answer.status not in TURNED_AWAY):
            raise Unsure(f"{self._graph.refusal(answer)} (after the letter was handed over)")
        del self._doubtful[offer.envelope.message_id]
        if answer.status == 202:
            return Outcome(offer.accepted, offer.refused, self._assigned(offer), "202 accepted")
        self._discard(offer.id)
        if refusals := _about_the_letter(answer, offer.accepted):
            return Outcome((), (*offer.refused, *refusals), reply=f"{answer.status} {answer.code}")
        raise self._graph.refusal(answer)

    def find(self, offer_id: str) -> bool:
        """See ports.Transport. A draft that is none any more has been sent."""
        return self._is_draft(offer_id) is False

    def abandon(self, offer: CarriedOffer) -> None:
        if offer is self._current:
            self._current = None
            if offer.id:
                self._discard(offer.id)

    def close(self) -> None:
        """An offer or delivery that is under way ends by itself, after the door's timeout at the latest."""
        self._graph.close()

    def _is_draft(self, id_: str) -> object:
        """Whether it is one still; None for what is nowhere in the mailbox."""
        answer = self._graph.ask("GET", self._graph.url("messages", id_, select="isDraft"), also=(400, 404))
        return answer.told.get("isDraft") if answer.status == 200 else None

    # --- drafts ------------------------------------------------------------------------------------------------------

    def _draft(self, raw: bytes, files: Sequence[Attached]) -> tuple[str, str]:
        """(its id, the Message-ID that the service gave it)."""
        failpoint("graph.draft.before")
        answer = self._post(self._graph.url("messages"), base64.b64encode(raw))
        failpoint("graph.draft.after")
        id_, given = answer.told.get("id"), answer.told.get("internetMessageId")
        if answer.status != 201 or not isinstance(id_, str):
            raise self._graph.closed(f"it answered {answer.status} in place of a draft")
        try:
            for file in files:
                self._attach(id_, *file)
        except (DoorClosed, TurnedDown):
            self._discard(id_)
            raise
        return id_, given if isinstance(given, str) else ""

    def _attach(self, id_: str, name: str, kind: str, content: bytes) -> None:
        if len(content) < SMALLEST_UPLOAD:
            what = {"@odata.type": "#microsoft.graph.fileAttachment", "name": name, "contentType": kind}
            body = {**what, "contentBytes": base64.b64encode(content).decode()}
            self._post(self._graph.url("messages", id_, "attachments"), body)
            return
        item = {"attachmentType": "file", "name": name, "contentType": kind, "size": len(content)}
        begin = self._graph.url("messages", id_, "attachments", "createUploadSession")
        address = self._post(begin, {"AttachmentItem": item}).told.get("uploadUrl")
        if not isinstance(address, str):
            raise self._graph.closed("its answer made no sense: an upload without a place")
        for at in range(0, len(content), PIECE):
            piece = content[at : at + PIECE]
            self._graph.put(address, piece, f"bytes {at}-{at + len(piece) - 1}/{len(content)}")

    def _post(self, url: str, body: bytes | Mapping[str, Any]) -> Answer:
        answer = self._graph.ask("POST", url, body, also=(400, 413))
        if answer.status in (400, 413):
            raise TurnedDown(answer) if _about_the_letter(answer, ("",)) else self._graph.refusal(answer)
        return answer

    def _sweep(self, message_id: str) -> None:
        """Deletes what an attempt that ended too early left in Drafts of this letter: it must not be sent as well.

        It is found by our Message-ID; where the service gave it another, by its own id, for as long as we live.
        """
        left = self._doubtful.pop(message_id, "")
        if left and self._is_draft(left) is True:
            self._discard(left)
        quoted = message_id.replace("'", "''")
        wanted = {"filter": f"internetMessageId eq '<{quoted}>'", "select": "isDraft,internetMessageId", "top": "10"}
        told = self._graph.ask("GET", self._graph.url("mailFolders", "drafts", "messages", **wanted)).told
        for row in told.get("value") or []:
            if row.get("isDraft") and row.get("internetMessageId") == f"<{message_id}>":
                failpoint("graph.delete.before")
                self._graph.ask("DELETE", self._graph.url("messages", str(row.get("id"))), also=(404,))

    def _discard(self, id_: str) -> None:
        # A draft that stays behind is sent by nobody; the letter's next offer sweeps it away.
        with contextlib.suppress(DoorClosed):
            failpoint("graph.delete.before")
            self._graph.ask("DELETE", self._graph.url("messages", id_), also=(404,))

    def _assigned(self, offer: CarriedOffer) -> str:
        """The Message-ID it bears now, "" for ours: as it lies in Sent Items, else as the draft had it."""
        # The letter has gone: nothing that fails here may say otherwise.
        with contextlib.suppress(DoorClosed):
            url = self._graph.url("messages", offer.id, select="internetMessageId,isDraft")
            told = self._graph.ask("GET", url, also=(400, 404)).told
            if isinstance(given := told.get("internetMessageId"), str):
                return _assigned(given, offer.envelope)
        return offer.assigned_id


def _assigned(given: str, envelope: Envelope) -> str:
    """A Message-ID of the service's own, without brackets; "" where it is ours or none."""
    assigned = given.strip().removeprefix("<").removesuffix(">")
    is_one = "@" in assigned and assigned.isascii() and assigned.isprintable() and " " not in assigned
    return assigned if is_one and assigned != envelope.message_id else ""


def _about_the_letter(answer: Answer, recipients: Sequence[str]) -> tuple[Refusal, ...]:
    """Refusals for everybody where the service will not carry this letter; none where the trouble is ours."""
    if answer.status == 413 or answer.code in TOO_LARGE:
        status, words = "5.3.4", "the letter is larger than the mailbox may send"
    elif answer.code in BAD_ADDRESS:
        status, words = "5.1.3", "one of its addresses is none for the service"
    else:
        return ()
    return tuple(Refusal(a, status, f"{words} ({answer.status} {answer.code})", is_hard=True) for a in recipients)
