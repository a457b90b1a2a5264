"""The processes that run the chain on documents."""
