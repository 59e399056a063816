"""How citizens ask to be told, see what is kept of them, and end it (decision 0028)."""
