"""Cell-cell interactions: edges, their support and explanation, and tests against the truth."""
