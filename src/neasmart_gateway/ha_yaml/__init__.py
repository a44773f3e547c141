"""Home Assistant's configuration for this house, for those who use neither an integration nor MQTT."""
