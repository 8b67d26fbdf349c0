"""Graphs of cells in space, lattices of spots, and communities in graphs."""
