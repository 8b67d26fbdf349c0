"""Genes that mark domains."""
