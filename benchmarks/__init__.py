"""Measurements of the gateway, each beside something bare in the same run: `make bench`, or `python -m benchmarks`."""
