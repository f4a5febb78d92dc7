"""A policy as a picture: its stages with their times, where they lead, and what is passed over.

Text of a Mermaid flowchart, made from the typed policy alone; it draws nothing itself and judges no policy.
"""

from bot.rules.policy.policy import Policy, Stage
from bot.rules.policy.prose import condition


def mermaid(policy: Policy) -> str:
    """The course as a Mermaid flowchart: stages with their time, where they lead, and what is passed over."""
    names = {stage.id: f"s{n}" for n, stage in enumerate(policy.stages, 1)}
    lines = [
        "flowchart TD",
        "    opened([A challenge is received])",
        "    closed([The outcome in writing, then closed])",
    ]
    lines += [f'    {names[s.id]}["{_label(s.name)}<br/>{_label(_time(s))}"]' for s in policy.stages]
    lines.append(f"    opened --> {names[policy.first.id]}")
    for stage in policy.stages:
        here = names[stage.id]
        if stage.next:
            lines.append(f"    {here} -->|unanswered or unresolved| {names[stage.next]}")
        for skip in stage.skip_to:
            lines.append(f'    {here} -.->|"passed over{_label(condition(skip.condition))}"| {names[skip.to]}')
        lines.append(f"    {here} -->|{'decided or resolved' if stage.decider else 'resolved'}| closed")
    return "\n".join(lines)


def _time(stage: Stage) -> str:
    return "as the subject asks" if stage.respond_within == "requested" else str(stage.respond_within)


def _label(text: str) -> str:
    """Text that no diagram reads as its own signs."""
    signs = {"&": "#amp;", '"': "#quot;", "<": "#lt;", ">": "#gt;", "|": "#124;", "#": "#35;", ";": "#59;"}
    return "".join(signs.get(char, char) for char in text)
