"""Asking the cluster: the client's own query and the drawn plans, concurrently, under one deadline."""
