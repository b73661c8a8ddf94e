-- A project is nothing but its members.
CREATE TABLE members (
    project TEXT NOT NULL,
    user    TEXT NOT NULL,
    role    TEXT NOT NULL CHECK (role IN ('owner', 'collaborator')),
    PRIMARY KEY (project, user)
) STRICT, WITHOUT ROWID;

-- Without the foreign key on the scope: a deleted key keeps the name of one that is gone.
CREATE TABLE key_scopes_2 (
    key   INTEGER NOT NULL REFERENCES keys ON DELETE CASCADE,
    scope TEXT NOT NULL,
    PRIMARY KEY (key, scope)
) STRICT, WITHOUT ROWID;
INSERT INTO key_scopes_2 SELECT key, scope FROM key_scopes
    WHERE typeof(scope) = 'text' AND key IN (SELECT seq FROM keys);
DROP TABLE key_scopes;
ALTER TABLE key_scopes_2 RENAME TO key_scopes;
CREATE INDEX key_scopes_scope ON key_scopes (scope);
