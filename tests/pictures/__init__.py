"""Letters as people see and hear them: `make pictures`.

Chromium shows each letter on a phone and on a desk, light and dark, and is asked what a screen reader reads. browser.py
speaks to it, look.py says what is looked at and what must hold, png.py keeps pictures small, and __main__.py does it
all. The references are kept in references/; what differs is left in build/pictures.
"""
