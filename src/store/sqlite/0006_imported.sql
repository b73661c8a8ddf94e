-- 1 for a key whose token another system made, else NULL. Its hash is that of the whole token, by which the key
-- is found.
--
-- By the text of the schema, as in the two steps before. No row is written.
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql, 'first_used_at INTEGER,', 'first_used_at INTEGER,
    imported     INTEGER,') WHERE type = 'table' AND name = 'keys';
PRAGMA writable_schema = RESET;

CREATE UNIQUE INDEX keys_imported ON keys (hash) WHERE imported NOT NULL;
