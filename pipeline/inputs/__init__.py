"""Inputs: from files to raw items."""
