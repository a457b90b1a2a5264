"""Files, local and in object stores, and their names."""
