"""The rules each case is decided by: the policy as it was when the case opened, the directory as it is today.

Today's directory is the file with all that was agreed over it. It decides nothing, and changes no file.
"""

from collections.abc import Callable
from dataclasses import replace

from sqlalchemy import Connection

from bot.engine.contacts import facts
from bot.model import Contact
from bot.rules.answering.over import Change, over
from bot.rules.book import Rules
from bot.rules.policy import file as policy_file
from bot.rules.policy import overlay
from bot.rules.policy.policy import Policy
from bot.settings.settings import Settings


class Books:
    """`settings`: those of today; `file`: the directory as its file has it."""

    def __init__(self, settings: Settings, *, strict: bool = False) -> None:
        self.settings = settings
        self.file = settings.directory
        self._agreed: dict[int, Change] = {}
        self.strict = strict
        self._kept: dict[str, Policy] = {}
        self._texts: dict[str, str] = {}  # made once: every turn asks, and each parse costs more than a decision

    def look(self, tx: Connection) -> None:
        """Takes up what was agreed about the directory since it looked last, by whichever daemon. What it has taken up
        stands as long as it lives: only a start reads the file anew."""
        new = dict(facts.accepted(tx, self._agreed))
        if new:
            self._agreed = dict(sorted((self._agreed | new).items()))
            self.settings = replace(self.settings, directory=over(self.file, self.changes))

    @property
    def changes(self) -> tuple[Change, ...]:
        """What stands over the file, in the order in which it was agreed."""
        return tuple(self._agreed.values())

    def rules(self, policy_id: str, kept_text: str = "", *, code: Callable[[str], str]) -> Rules:
        """`code`: see Rules. Raises KeyError for a policy that is neither configured nor kept."""
        settings, config = self.settings, self.settings.config
        policy = self.policy(policy_id, kept_text)
        return Rules(
            policy=policy,
            directory=settings.directory,
            calendar=policy.days(settings.calendar),
            bot=self.bot,
            operator=Contact(config.operator, "Operator", "operator"),
            code=code,
            dpo=Contact(config.dpo, "Data protection contact", "dpo") if config.dpo else None,
            inboxes=tuple((box.team, box.address) for box in config.mailboxes if box.team),
            allowed_domains=frozenset(config.recipients.allowed_domains),
            mode=config.mode,
            strict=self.strict,
        )

    @property
    def bot(self) -> Contact:
        """Our own mailbox, as letters name it."""
        return Contact(self.settings.config.bot.address, self.settings.config.bot.name)

    def text(self, policy_id: str) -> str:
        """The policy file as it stands, with those it stands on, to be kept with a case that opens."""
        if policy_id not in self._texts:
            self._texts[policy_id] = overlay.as_it_stands(policy_id, self.settings.texts)
        return self._texts[policy_id]

    def policy(self, policy_id: str, kept_text: str = "") -> Policy:
        """The policy alone, as it was kept. Raises KeyError."""
        if not kept_text or kept_text == self.text(policy_id):
            return self.settings.policies[policy_id]
        if kept_text not in self._kept:
            read, problems = policy_file.load(kept_text, f"{policy_id}.yaml as the case opened under it", kept=True)
            if read is None:
                raise KeyError("; ".join(map(str, problems)))
            self._kept[kept_text] = read
        return self._kept[kept_text]
