"""Nights to play: one file a form in which an election night has been kept."""
