"""Neural network layers that several methods share."""
