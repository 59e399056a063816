"""From the broker to the database: transport → decode → validate → write, and what is derived from it."""
