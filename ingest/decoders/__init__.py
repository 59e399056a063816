"""One module a payload format: pure functions from bytes to Readings and Faults."""
