"""How the product is brought up: in a folder (`embedded`) or in containers (`compose.yaml`)."""
