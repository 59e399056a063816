-- Boards: panels that somebody chose and arranged, alone or for everybody. One that is deleted stays, retired.

CREATE TABLE board (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    owner      text NOT NULL,
    title      text NOT NULL CHECK (length(btrim(title)) BETWEEN 1 AND 120),
    shared     boolean NOT NULL DEFAULT false,
    panels     jsonb NOT NULL CHECK (jsonb_typeof(panels) = 'array' AND jsonb_array_length(panels) <= 24),
    version    integer NOT NULL DEFAULT 1 CHECK (version > 0),
    created_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    changed_by text NOT NULL,
    retired_at timestamptz,
    retired_by text,
    CHECK ((retired_at IS NULL) = (retired_by IS NULL))
);
COMMENT ON COLUMN board.owner IS 'A name and no reference, as everywhere';
COMMENT ON COLUMN board.panels IS 'In their order: dashboard/control_room/board_panels.py';
COMMENT ON COLUMN board.version IS 'Grows with every change; who saves says which one was changed';
CREATE INDEX board_of ON board (owner, changed_at DESC) WHERE retired_at IS NULL;
CREATE INDEX board_shared ON board (changed_at DESC) WHERE retired_at IS NULL AND shared;

CREATE TRIGGER board_only_moves_on BEFORE UPDATE ON board
    FOR EACH ROW EXECUTE FUNCTION refuse_other_change('title', 'shared', 'panels', 'version', 'changed_at', 'changed_by',
                                                      'retired_at', 'retired_by');
CREATE TRIGGER board_stays_retired BEFORE UPDATE ON board
    FOR EACH ROW WHEN (OLD.retired_at IS NOT NULL) EXECUTE FUNCTION refuse_change();
CREATE TRIGGER board_is_not_deleted BEFORE DELETE ON board FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER board_is_not_emptied BEFORE TRUNCATE ON board FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
