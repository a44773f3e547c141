"""The gateway over HTTP: its own REST API, health, errors and security. The only importer of flask."""
