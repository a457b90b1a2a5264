"""Word lists of boilerplate, by language."""
