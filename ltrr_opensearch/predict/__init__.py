"""Queries that a document may be asked by, predicted before anybody has asked: the memory at a cold start."""
