"""How the weights of `newsbeam.transforms.translation` are made. Not needed to run it."""
