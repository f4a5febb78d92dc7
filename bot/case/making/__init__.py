"""A decision while it is made: the draft, and what is asked of the case on the way.

It knows no time that passes and no word that somebody wrote: course/ and said/ use it, never the reverse.
Read draft.py first, then changes.py, people.py, clocks.py, forms.py, notices.py, incident.py, ends_with.py,
awaited.py, claims.py, agreed.py and telling.py.
"""
