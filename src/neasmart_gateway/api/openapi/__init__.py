"""The documentation, made from the routes and models themselves: one OpenAPI document, its pages, its Markdown."""
