"""The commands of `tally`, one file each."""
