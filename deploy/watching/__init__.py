"""The ticker in the terminal: listens to a service as any reader does."""
