-- The networks from which a key may be used, with a space between them; NULL: from anywhere. And the time of
-- its first use.
--
-- By the text of the schema, as in the step before. No row is written: one that is too short for a column has
-- NULL in it.
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql, 'labels       TEXT,', 'labels       TEXT,
    allow_from   TEXT,
    first_used_at INTEGER,') WHERE type = 'table' AND name = 'keys';
PRAGMA writable_schema = RESET;
