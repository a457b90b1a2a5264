"""Processing of documents, without Beam, files or network."""
