"""Pictures of the results. Imported only where drawn, since matplotlib is slow to load."""
