"""The interface of a method, and the input and output of a fit."""
