"""`python -m deploy` is `tally`."""

from deploy.cli import main

main()
