"""Training of the language model; needs the libraries of `newsbeam[train]`."""
