"""Attribution in English: rules and a trained tagger."""
