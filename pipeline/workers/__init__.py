"""The processes that run the chain over documents."""
