"""The history of measurements: how it is packed, kept, thinned out and read."""
