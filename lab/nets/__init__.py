"""Trained nets: where they lie, what they are called, which of them make up a defence."""
