"""One file for whoever helps: what the gateway knows of itself, without its secrets."""
