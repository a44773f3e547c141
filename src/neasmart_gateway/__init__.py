"""A REHAU NEA SMART 2.0 base station as REST, from the slave's side of its Modbus."""

__version__ = "0.1.0"
