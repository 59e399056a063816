"""Tells citizens who asked to be told (decision 0028): beside the alerts, by whoever leads, apart from all else."""
