"""Training of the learned weights: needs the libraries of `newsbeam[train]`, which nothing else does."""
