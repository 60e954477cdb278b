"""What the outside can rely on, as OpenAPI 3.1 and AsyncAPI 3; no service runs it."""
