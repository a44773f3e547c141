"""Faults made on purpose, for drills: what stands at the seams of the daemon while they are allowed."""
