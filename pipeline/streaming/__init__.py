"""A run over messages: it goes on until it is stopped."""
