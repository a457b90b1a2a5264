"""The words that boilerplate is made of, by language."""
