"""Boilerplate in plain text, line by line."""
