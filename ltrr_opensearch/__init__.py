"""LTR&R for OpenSearch: learning to rank and retrieve, as a drop-in proxy."""

__version__ = "0.1.0"
