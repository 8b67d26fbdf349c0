"""The interface of a method, and what a fit reads and writes."""
