"""Letters out by Exchange Web Services (exchangelib): saved as a draft, then sent, so that its id is known before.

An offer is a draft in the bot's own Drafts whose recipients are those of the envelope; delivering is SendItem, and a
copy stays in Sent. Nothing is tried twice: what the server did not refuse in its own words may have gone and is Unsure.
Exchange may strip headers and give another Message-ID, which is read back. A draft that an earlier try left is deleted.
It knows no outbox. Not handled: letters above what the server takes, which are refused for everybody.
"""

from __future__ import annotations

import contextlib
from typing import Any

from exchangelib import Mailbox as Address
from exchangelib import errors
from exchangelib.folders import Drafts, SentItems
from exchangelib.folders.collections import FolderCollection
from exchangelib.items import Message
from exchangelib.restriction import Q

from bot.doors.ews.client import Exchange, code_of, was_never_heard
from bot.doors.ews.folders import known
from bot.doors.gate import Allowed, check_lines, sift
from bot.doors.ports import Envelope, Outcome, Refusal
from bot.model.errors import DoorClosed, Unsure
from bot.model.failpoints import failpoint
from bot.settings.settings import Door

#: A no to the letter or its addresses, with the status that says so (RFC 3463). The server names no single address.
REFUSED = {
    "ErrorMessageSizeExceeded": "5.3.4",
    "ErrorAttachmentSizeLimitExceeded": "5.3.4",
    "ErrorInvalidRecipients": "5.1.3",
    "ErrorMailRecipientNotFound": "5.1.1",
}
#: A no to us, after which nothing has gone for certain; any other error may come from behind the point of no return.
CERTAIN = frozenset(
    {
        "ErrorAccessDenied", "ErrorAccountDisabled", "ErrorChangeKeyRequired", "ErrorExceededConnectionCount",
        "ErrorImpersonateUserDenied", "ErrorImpersonationDenied", "ErrorInvalidChangeKey", "ErrorInvalidRequest",
        "ErrorInvalidServerVersion", "ErrorIrresolvableConflict", "ErrorMailboxMoveInProgress",
        "ErrorNonExistentMailbox", "ErrorQuotaExceeded", "ErrorSchemaValidation", "ErrorSendAsDenied",
        "ErrorServerBusy", "ErrorStaleObject", "ErrorSubmissionQuotaExceeded",
    }
)  # fmt: skip

PEOPLE = ("to_recipients", "cc_recipients", "bcc_recipients")


class EwsTransport:
    """A Transport from the mailbox at `door.mailbox`."""

    def __init__(self, door: Door, allowed: Allowed) -> None:
        self._door = door
        self._allowed = allowed
        self._exchange = Exchange(f"letters of {door.mailbox}", door)
        self._doubtful: dict[str, str] = {}  # Message-ID -> the draft of which nobody knows whether it was sent

    def offer(self, envelope: Envelope) -> EwsOffer:
        """Saves the draft. Raises DoorClosed, Throttled when the server cannot be used now."""
        check_lines(envelope.raw)
        accepted, barred = sift(envelope, self._allowed)
        offer = EwsOffer(self, envelope, accepted, barred)
        if accepted:
            with self._exchange.account() as account:
                self._save(account, offer)
        return offer

    def deliver(self, offer: EwsOffer) -> Outcome:
        """SendItem. Called by the offer."""
        with self._exchange.account() as account:
            sent = known(account, SentItems)
            self._exchange.answers.clear()
            self._doubtful[offer.envelope.message_id] = offer.id
            try:
                failpoint("ews.send.before")
                (told,) = account.bulk_send([(offer.id, offer.key)], copy_to_folder=sent)
                failpoint("ews.send.after")
            except (errors.EWSError, DoorClosed) as error:
                told = error
            except Exception as error:
                raise Unsure(f"{self._where}: {code_of(error)} while the letter was handed over") from error
            if isinstance(told, Exception):
                return self._refused(offer, told)
        del self._doubtful[offer.envelope.message_id]
        return Outcome(offer.accepted, offer.refused, offer.assigned_id, reply="sent; Exchange keeps a copy")

    def abandon(self, offer: EwsOffer) -> None:
        """Deletes the draft, if it can: one that stays behind is deleted when its letter is offered again."""
        with contextlib.suppress(DoorClosed), self._exchange.account() as account:
            account.bulk_delete([(offer.id, offer.key)])

    def find(self, offer_id: str) -> bool:  # noqa: ARG002 - it means nothing here
        """See ports.Transport. A draft that was sent has another id: its copy in Sent is looked for by Message-ID."""
        return False

    def close(self) -> None:
        self._exchange.close()

    # --- the draft --------------------------------------------------------------------------------------------------

    def _save(self, account: Any, offer: EwsOffer) -> None:
        drafts = known(account, Drafts)
        self._clear(account, drafts, offer.envelope.message_id)
        try:
            made = self._create(account, drafts, offer.envelope.raw)
        except errors.ResponseMessageError as error:
            if code_of(error) not in REFUSED:
                raise
            offer.refuse(_refusals(offer, error))
            return
        (draft,) = account.fetch([made], folder=drafts, only_fields=["message_id", *PEOPLE])
        if isinstance(draft, Exception):
            raise draft
        offer.id, offer.key = draft.id, draft.changekey
        offer.message_id = (draft.message_id or "").strip("<>")
        wanted = _split(draft, offer.accepted)
        if wanted != _addresses(draft):
            for name, people in wanted.items():
                setattr(draft, name, [Address(email_address=one) for one in people] or None)
            ((offer.id, offer.key),) = account.bulk_update([(draft, PEOPLE)])

    def _create(self, account: Any, drafts: Any, raw: bytes) -> Any:
        failpoint("ews.create.before")
        (made,) = account.bulk_create(drafts, [Message(account=account, mime_content=raw)])
        failpoint("ews.create.after")
        if isinstance(made, Exception):
            raise made
        return made

    def _clear(self, account: Any, drafts: Any, message_id: str) -> None:
        """What an earlier try for this letter left in Drafts must not go one day by itself, or by a person's hand.

        It is found by our Message-ID; where Exchange gave it another, by its own id, for as long as we live.
        """
        inside = FolderCollection(account=account, folders=[drafts])
        left = list(inside.find_items(Q(message_id=f"<{message_id}>")))
        if doubtful := self._doubtful.pop(message_id, ""):
            told = account.fetch([(doubtful, None)], folder=drafts, only_fields=["is_draft"])
            left += [one for one in told if getattr(one, "is_draft", False)]
        if left:
            account.bulk_delete(left)

    # --- what did not go --------------------------------------------------------------------------------------------

    def _refused(self, offer: EwsOffer, error: Exception) -> Outcome:
        """What an error means for the letter. Raises DoorClosed where nothing has gone, Unsure where it may have."""
        if isinstance(error, DoorClosed):  # there is no token: nothing was asked of the server
            raise error
        code = code_of(error)
        if code in REFUSED:
            return Outcome((), (*offer.refused, *_refusals(offer, error)), reply=code)
        is_certain = code in CERTAIN and self._exchange.has_spoken
        if is_certain or isinstance(error, errors.UnauthorizedError) or was_never_heard(error):
            raise self._exchange.closed(error) from error
        raise Unsure(f"{self._where}: {code} while the letter was handed over") from error

    @property
    def _where(self) -> str:
        return f"Exchange server {self._door.endpoint}"


class EwsOffer:
    """A letter as a draft; `id` is the draft's. `key`: which version of it; `message_id`: what Exchange calls it."""

    def __init__(
        self, transport: EwsTransport, envelope: Envelope, accepted: tuple[str, ...], refused: tuple[Refusal, ...]
    ) -> None:
        self.id = self.key = self.message_id = ""
        self.envelope = envelope
        self.accepted = accepted
        self.refused = refused
        self._transport = transport
        self._is_over = False

    @property
    def assigned_id(self) -> str:
        """See ports.Offer."""
        return "" if self.message_id == self.envelope.message_id else self.message_id

    def refuse(self, refusals: tuple[Refusal, ...]) -> None:
        """The server does not take the letter for anybody."""
        self.accepted, self.refused = (), (*self.refused, *refusals)

    def deliver(self) -> Outcome:
        if self._is_over or not self.accepted:
            raise DoorClosed("this offer is over: the letter must be offered again")
        self._is_over = True
        return self._transport.deliver(self)

    def abandon(self) -> None:
        if self.id and not self._is_over:
            self._transport.abandon(self)
        self._is_over = True


def _refusals(offer: EwsOffer, error: Exception) -> tuple[Refusal, ...]:
    code = code_of(error)
    return tuple(Refusal(address, REFUSED[code], code, is_hard=True) for address in offer.accepted)


def _addresses(draft: Any) -> dict[str, tuple[str, ...]]:
    """Whom the draft would go to, as Exchange read it out of the letter's headers."""
    told = {name: getattr(draft, name) or () for name in PEOPLE}
    return {name: tuple(str(one.email_address).lower() for one in people) for name, people in told.items()}


def _split(draft: Any, accepted: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """The same less who may not have it, and with who stands in no header as Bcc: whom it really goes to."""
    lower = [address.lower() for address in accepted]
    found = {name: tuple(one for one in people if one in lower) for name, people in _addresses(draft).items()}
    named = {one for people in found.values() for one in people}
    found["bcc_recipients"] += tuple(one for one in lower if one not in named)
    return found
