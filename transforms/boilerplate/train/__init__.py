"""Training of the boilerplate models; needs `newsbeam[train]`."""
