"""Proposes values of slot fields for documents that lack them, from their text and embedding. Pure."""
