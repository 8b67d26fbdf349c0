"""Limits that a stage and the prediction of its cost share."""

TRAINED_AGAIN = 3000  # cells of a tissue on which graphs are trained again, with shuffled cells
