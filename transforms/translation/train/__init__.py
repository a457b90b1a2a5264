"""How the weights of `transforms.translation` are made. Not needed to run it."""
