"""The one long-lived process: store, desk, bus and link, put together."""
