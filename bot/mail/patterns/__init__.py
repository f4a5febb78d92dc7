"""The words that mail is read by, as data: one YAML file a topic for people, one compiled file for the reader.

It knows no mail and no meaning. Read a topic's file first, then topics.py, which loads them.
"""
