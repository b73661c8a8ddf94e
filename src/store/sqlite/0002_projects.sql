-- A project is nothing but its members.
CREATE TABLE members (
    project TEXT NOT NULL,
    user    TEXT NOT NULL,
    role    TEXT NOT NULL CHECK (role IN ('owner', 'collaborator')),
    PRIMARY KEY (project, user)
) STRICT, WITHOUT ROWID;
