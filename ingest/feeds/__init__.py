"""Formats: bytes → plain objects, strictly, or one refusal. No I/O."""
