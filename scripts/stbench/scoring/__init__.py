"""Metrics and protocols: from labels to scores."""
