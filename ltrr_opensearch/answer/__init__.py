"""The page that goes back to the client, in the cluster's own shape."""
