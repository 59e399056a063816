"""Tells citizens who asked to be told (decision 0028). Runs beside the alerts, by whoever leads, and shares nothing else."""
