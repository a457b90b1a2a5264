"""The main text of an HTML page."""
