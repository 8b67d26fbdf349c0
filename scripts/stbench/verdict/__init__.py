"""Results that are shipped with the project, and a new method beside them."""
