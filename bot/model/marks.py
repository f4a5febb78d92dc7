"""Which text of the model is about a person: said at the field, for whoever stores, shows or forgets it.

It hides nothing itself; a text field of a case, an event or a decision that bears neither mark is refused by a test.
"""

from typing import Annotated


class Personal:
    """Names a person, leads to one, or is a person's own words: a purge forgets it."""


class Plain:
    """An id, a code, a digest, or words of a policy or of ours: nobody stands in it, ever."""


PersonalText = Annotated[str, Personal]
PlainText = Annotated[str, Plain]
