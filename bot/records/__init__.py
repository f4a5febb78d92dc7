"""What is filed: the record of a case, registers, the figures of a quarter or a year, forms filled in.

Pure: bytes are returned. It changes no case and sends nothing. Read record.py and plain.py first, then register.py,
contacts/ and report/, and for forms parts.py, fill.py and forms.py; pdf.py makes pages; the layouts stand beside them
(.typ). guide/ is the page to hand out.
"""
