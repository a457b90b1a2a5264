"""newsbeam: raw web documents to clean, annotated JSONL."""
