-- Things and their Datastreams (OGC SensorThings), filled from the inventory.

CREATE TABLE thing (
    id                text PRIMARY KEY CHECK (id ~ '^[a-z0-9_-]{1,64}$'),
    domain            text NOT NULL,
    kind              text NOT NULL,
    parent_id         text REFERENCES thing,
    name_vi           text NOT NULL,
    name_en           text NOT NULL,
    lat               double precision CHECK (lat BETWEEN -90 AND 90),
    lon               double precision CHECK (lon BETWEEN -180 AND 180),
    coordinate_trust  text CHECK (coordinate_trust IN ('V', 'M', 'S')),
    coordinate_source text,
    properties        jsonb NOT NULL DEFAULT '{}',
    is_public         boolean NOT NULL DEFAULT true,
    CHECK ((lat IS NULL) = (lon IS NULL)),
    CHECK (lat IS NULL OR (coordinate_trust IS NOT NULL AND coordinate_source IS NOT NULL))
);
CREATE INDEX thing_parent ON thing (parent_id) WHERE parent_id IS NOT NULL;

CREATE TABLE datastream (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    thing_id   text NOT NULL REFERENCES thing,
    property   text NOT NULL,
    unit       text NOT NULL,
    derived    boolean NOT NULL DEFAULT false,
    interval_s integer NOT NULL CHECK (interval_s > 0),
    UNIQUE (thing_id, property)
);

-- What the last status message (retained, or the broker's Last Will) said of a Thing's connection.
CREATE TABLE thing_status (
    thing_id    text PRIMARY KEY REFERENCES thing,
    online      boolean NOT NULL,
    received_at timestamptz NOT NULL
);
