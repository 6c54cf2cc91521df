"""Click models: what people looked at, told apart from what they like."""
