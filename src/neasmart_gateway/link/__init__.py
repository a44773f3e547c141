"""The way from the HTTP workers to the daemon: calls over a Unix socket of our own."""
