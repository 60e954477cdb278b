"""Journals: one contract, one suite, any number of stores."""
