"""Moving in from an older gateway: what its files say, and whether it shows what we show."""
