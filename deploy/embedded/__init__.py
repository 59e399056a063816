"""PostgreSQL with TimescaleDB and Mosquitto from a folder: no containers, no root needed."""
