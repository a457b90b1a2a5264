"""A run over files: it ends, and can be resumed and replayed."""
