"""Ways of hearing a source, one file each."""
