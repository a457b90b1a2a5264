"""The reader of languages that write blanks between words."""
