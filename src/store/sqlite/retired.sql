-- The mark of a store that was retired. Made when it is, together with a version that older programs refuse.

CREATE TABLE retired (
    one   INTEGER PRIMARY KEY CHECK (one = 1),
    at    INTEGER NOT NULL,
    actor TEXT NOT NULL,
    copy  TEXT NOT NULL
) STRICT;
