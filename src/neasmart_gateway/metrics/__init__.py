"""Metrics for Prometheus: what there is, who counts it, and how it is told."""
