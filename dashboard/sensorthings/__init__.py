"""OGC SensorThings API 1.1, part 1: Sensing, read only (docs/sensorthings.md)."""
