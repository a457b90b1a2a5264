"""Attribution in English: rules, and a tagger that was trained."""
