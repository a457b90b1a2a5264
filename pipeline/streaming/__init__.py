"""Runs over messages: they continue until stopped."""
