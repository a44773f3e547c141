"""How the base station reaches us. The only folder that knows pymodbus."""
