"""Attribution in languages with the verb next to its subject."""
