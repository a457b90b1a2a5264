"""Training of the weights of translation detection; not needed at run time."""
