"""MQTT: the house as Home Assistant discovers it, and people's orders from there. The only user of aiomqtt."""
