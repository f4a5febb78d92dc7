"""The report: a quarter or a year in figures, as tables; a working copy, or an edition that may be published.

Read source.py and periods.py first (of what and when), then tables.py (the working copy) and published.py (the public
edition). words.py says the headline in sentences and how things are counted, charts.py draws, and made.py hands all of
it out as page, PDF (the layouts stand beside it), workbook and CSV.
"""
