"""What watches over a fit. Standard library alone: it runs in the environment of each method."""
