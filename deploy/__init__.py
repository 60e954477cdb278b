"""Wiring and operations: the composition root; nothing else may import it."""
