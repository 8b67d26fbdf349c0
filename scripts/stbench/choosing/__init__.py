"""How many domains, and which method: choices for a tissue without true labels."""
