"""Title, author, dates and the like, out of a page."""
