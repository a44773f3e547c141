"""`python -m neasmart_gateway` is the command `neasmart-gateway`."""

from neasmart_gateway.cli import main

if __name__ == "__main__":
    main()
