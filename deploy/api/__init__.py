"""What the outside can rely on, as OpenAPI 3.1 and AsyncAPI 3; nothing here runs in a service."""
