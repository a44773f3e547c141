"""A base station and the house it heats: the other end of the bus, for demonstration, tests and benchmarks."""
