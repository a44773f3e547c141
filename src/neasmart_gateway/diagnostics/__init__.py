"""The last noteworthy events of each component: in memory, and as lines of files."""
