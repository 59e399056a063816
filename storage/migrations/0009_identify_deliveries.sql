-- A redelivered rejection is known by its packet id, which a broker keeps when it sends again; one that a publisher
-- sent again, after a lost broker, by a row of just before the loss that it takes up (each row takes up one).

ALTER TABLE rejected_message ADD COLUMN packet_id integer, ADD COLUMN resent_at timestamptz;
