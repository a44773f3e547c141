"""How everything is logged: one form and one place for our lines and the libraries'."""

from neasmart_gateway.logs.setup import Logging, configure

__all__ = ["Logging", "configure"]
