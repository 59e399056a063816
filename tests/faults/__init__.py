"""Kills on purpose: what the publisher got an ack for must be in the database, once, whatever died."""
