-- A calibrated value keeps what its Thing sent beside it, in the Datastream's unit; NULL where they are the same.

ALTER TABLE observation ADD COLUMN original double precision;
ALTER TABLE observation_superseded ADD COLUMN original double precision;
