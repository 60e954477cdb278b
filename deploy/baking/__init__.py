"""A night as plain files that any web server can serve: `tally bake`."""
