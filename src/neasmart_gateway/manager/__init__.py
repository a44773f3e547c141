"""The HTTP side's door to the plant: reads from shared memory, commands through a circuit breaker."""
