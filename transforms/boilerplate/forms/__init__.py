"""The forms in which scrapers leave the text of a page, read as units."""
