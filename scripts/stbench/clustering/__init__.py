"""From embeddings to labels."""
