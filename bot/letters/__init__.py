"""How it is said: a Letter and its values become text, HTML and the bytes of a mail.

It decides nothing, knows no store and no door, and asks no clock. Which letters there are stands in model/letters/;
read wording.py and marked.py first, then render.py and mime.py. mail_templates/samples.yaml shows each of them.
"""
