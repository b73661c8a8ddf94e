-- Times are Unix milliseconds. Columns are named as the record's fields.

CREATE TABLE keys (
    seq          INTEGER PRIMARY KEY,
    id           TEXT NOT NULL UNIQUE,
    name         TEXT NOT NULL,
    owner        TEXT NOT NULL,
    kind         TEXT NOT NULL CHECK (kind IN ('api', 'legacy')),
    hash         TEXT,
    created_at   INTEGER NOT NULL,
    created_by   TEXT NOT NULL,
    expires_at   INTEGER,
    last_used_at INTEGER,
    grace_from   INTEGER,
    usable_until INTEGER,
    disabled_at  INTEGER,
    disabled_by  TEXT,
    deleted_at   INTEGER,
    -- No foreign keys: after a purge, lineage may name an ID that is gone.
    replaces     TEXT,
    replaced_by  TEXT,
    CHECK ((hash IS NULL) = (deleted_at IS NOT NULL)),
    CHECK ((grace_from IS NULL) = (usable_until IS NULL)),
    CHECK ((disabled_at IS NULL) = (disabled_by IS NULL))
) STRICT;

CREATE UNIQUE INDEX keys_live_name ON keys (owner, name)
    WHERE deleted_at IS NULL AND usable_until IS NULL;
CREATE INDEX keys_name ON keys (name) WHERE deleted_at IS NULL;
CREATE INDEX keys_owner ON keys (owner, created_at);
CREATE INDEX keys_created ON keys (created_at);

CREATE TABLE scopes (
    name        TEXT PRIMARY KEY,
    description TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE scope_implies (
    name    TEXT NOT NULL REFERENCES scopes,
    implied TEXT NOT NULL REFERENCES scopes,
    PRIMARY KEY (name, implied)
) STRICT, WITHOUT ROWID;

INSERT INTO scopes VALUES
    ('inference', 'make inferences on trained models'),
    ('project', 'manage projects, upload data sets, train models, make predictions');
INSERT INTO scope_implies VALUES ('project', 'inference');

CREATE TABLE key_scopes (
    key   INTEGER NOT NULL REFERENCES keys ON DELETE CASCADE,
    scope TEXT NOT NULL REFERENCES scopes,
    PRIMARY KEY (key, scope)
) STRICT, WITHOUT ROWID;

CREATE INDEX key_scopes_scope ON key_scopes (scope);

CREATE TABLE key_labels (
    key   INTEGER NOT NULL REFERENCES keys ON DELETE CASCADE,
    label TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (key, label)
) STRICT, WITHOUT ROWID;

-- Only what differs from the defaults.
CREATE TABLE policy (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE administrators (
    name TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;

CREATE TABLE events (
    seq    INTEGER PRIMARY KEY,
    at     INTEGER NOT NULL,
    actor  TEXT NOT NULL,
    action TEXT NOT NULL,
    key_id TEXT,
    detail TEXT NOT NULL,
    hash   BLOB NOT NULL
) STRICT;

CREATE INDEX events_key ON events (key_id, seq) WHERE key_id IS NOT NULL;

-- The last event's place and hash, apart from it: a log that lost its end is found out.
CREATE TABLE event_head (
    one  INTEGER PRIMARY KEY CHECK (one = 1),
    seq  INTEGER NOT NULL,
    hash BLOB NOT NULL
) STRICT;
