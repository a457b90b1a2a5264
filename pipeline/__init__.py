"""The half that touches the world: reading, Beam, writing, the command."""
