"""The pure half: what is done to a document. No Beam, no files, no network."""
