"""Cell-cell interactions: edges, what supports and explains them, and whether they are true."""
