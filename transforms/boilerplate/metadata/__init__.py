"""Metadata of a page: title, author, dates and others."""
