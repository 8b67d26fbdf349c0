"""Joint embeddings of tissue sections: mixing of sections and conservation of domains."""
