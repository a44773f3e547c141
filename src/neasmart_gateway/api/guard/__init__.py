"""Who may come in, by which name, and how often: what stands before every view."""
