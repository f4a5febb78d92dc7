"""What the bot makes for an office, opened by an office's programs: `make office`.

produced.py makes every kind of document, packages.py reads what they hold and what is broken in them, writer.py speaks
to LibreOffice, qpdf and pdftotext, and __main__.py holds the one against the other. It cannot see Word itself, which
may refuse what LibreOffice takes: so a package is held against what Word is strict about. Nor does it see how a page
looks.
"""
