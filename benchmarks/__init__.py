"""What we measure: each benchmark prints a ratio against a named limit or peer of the same run."""
