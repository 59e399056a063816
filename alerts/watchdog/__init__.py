"""The dead man's switch: a process of its own that notices when the platform itself stops (docs/watchdog.md)."""
