"""Training of the English tagger; needs jax, and the corpus, which is no part of the package."""
