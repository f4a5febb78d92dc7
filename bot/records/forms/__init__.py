"""A form as a document: made.py prints it as Word document and PDF (form.typ), controls.py makes the places of a Word
document fields to be filled in.

They know no partnership's form by name and no case; what stands in a form is said a room above.
"""
