"""What people write about a case, and what becomes of it: replies, answers, and the words of the command table.

How words are found in a text is not known here (mail/words/ is), nor who may say one (rules/authority.py).
Read replies.py first, then answers.py, questions.py, words.py and the table in cells.py; acts.py, challenged.py, unit/
and command.py hold what stands in its cells, codes.py, correct.py and protection.py each stand behind some.
"""
