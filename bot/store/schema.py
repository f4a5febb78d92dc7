"""The tables and their unique keys."""
