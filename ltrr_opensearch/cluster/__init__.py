"""How we talk to OpenSearch."""
