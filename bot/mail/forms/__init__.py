"""A form that came back, in an attachment or in the text: which one, and what stands in its fields.

It knows no policy's form by name: those are handed in. Read forms.py first, then labels.py, choices.py, documents.py.
"""
