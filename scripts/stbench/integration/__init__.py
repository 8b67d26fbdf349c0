"""How well sections of tissue are embedded together, while their domains stay apart."""
