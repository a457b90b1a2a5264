"""Attribution in languages with grammars like those of Europe."""
