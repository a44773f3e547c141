"""What requests and answers of version 1 look like; the OpenAPI document is built from these."""
