"""What outlives a restart of the gateway."""
