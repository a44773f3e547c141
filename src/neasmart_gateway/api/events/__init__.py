"""Streams of events: the greenlet that follows the ring, its clients, and what they are sent."""
