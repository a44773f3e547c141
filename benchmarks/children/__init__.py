"""What runs in processes of its own: bare servers to compare with, and clients. Each is started with `python -m`."""
