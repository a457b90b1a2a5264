"""Plain data about a run: the recipe, its settings, and the results of a batch."""
