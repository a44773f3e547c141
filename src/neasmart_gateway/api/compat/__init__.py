"""Routes of older gateways, for the Home Assistant integrations made for those: other shapes, the same house."""
