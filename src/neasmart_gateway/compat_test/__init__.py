"""Plays the calls of the Home Assistant integrations made for older gateways, and says what they would show."""
