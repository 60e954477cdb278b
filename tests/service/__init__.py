"""The running service, driven from outside over real sockets."""
