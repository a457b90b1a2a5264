"""Files, here and in object stores, and their names."""
