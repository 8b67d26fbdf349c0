"""What a run is asked to do: the registry of datasets and methods, and the configuration."""
