"""Training of the English tagger.

Needs jax and the corpus; neither is part of the package.
"""
