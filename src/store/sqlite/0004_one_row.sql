-- The scopes and labels of a key stand in its own row, so that a key is read without a join: the
-- names of the scopes in order with a space between them, and the labels as a JSON object.
--
-- By the text of the schema, since ALTER TABLE refuses to add a column while any row is damaged, and
-- then no other key could be changed. A row that is too short for a column has NULL in it.
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql, 'replaced_by  TEXT,', 'replaced_by  TEXT,
    scopes       TEXT,
    labels       TEXT,') WHERE type = 'table' AND name = 'keys';
PRAGMA writable_schema = RESET;

-- A row with a value of another type than its column's cannot be written: its scopes and labels stay
-- NULL, which every reader takes for damage. So do those of a key with a scope or label that is no text,
-- or with more of them than a row may hold: SQLite escapes a byte of a label with up to six.
UPDATE keys SET
    scopes = (SELECT iif(total(typeof(scope) <> 'text') = 0, coalesce(group_concat(scope, ' '), ''), NULL)
        FROM key_scopes WHERE key = seq),
    labels = (SELECT iif(total(typeof(label) <> 'text' OR typeof(value) <> 'text') = 0,
            json_group_object(CAST(label AS TEXT), CAST(value AS TEXT)), NULL)
        FROM key_labels WHERE key = seq)
WHERE typeof(id) = 'text' AND typeof(name) = 'text' AND typeof(owner) = 'text'
    AND typeof(kind) = 'text' AND typeof(created_at) = 'integer' AND typeof(created_by) = 'text'
    AND typeof(hash) IN ('text', 'null') AND typeof(disabled_by) IN ('text', 'null')
    AND typeof(replaces) IN ('text', 'null') AND typeof(replaced_by) IN ('text', 'null')
    AND typeof(expires_at) IN ('integer', 'null') AND typeof(last_used_at) IN ('integer', 'null')
    AND typeof(grace_from) IN ('integer', 'null') AND typeof(usable_until) IN ('integer', 'null')
    AND typeof(disabled_at) IN ('integer', 'null') AND typeof(deleted_at) IN ('integer', 'null')
    AND octet_length(name) + octet_length(owner) + coalesce(octet_length(hash), 0) < 2000000
    AND (SELECT total(octet_length(scope)) FROM key_scopes WHERE key = seq) < 2000000
    AND (SELECT total(octet_length(label) + octet_length(value)) FROM key_labels WHERE key = seq) < 2000000;
DROP TABLE key_labels;

-- An index of the keys by scope. No foreign key on the key: SQLite would walk the whole table for
-- each key that is purged.
CREATE TABLE key_scopes_4 (
    scope TEXT NOT NULL,
    key   INTEGER NOT NULL,
    PRIMARY KEY (scope, key)
) STRICT, WITHOUT ROWID;
-- The '+' keeps SQLite from reading the scopes by key and sorting them in memory.
INSERT INTO key_scopes_4 SELECT scope, key FROM key_scopes
    WHERE typeof(scope) = 'text' AND octet_length(scope) < 2000000 AND +key IN (SELECT seq FROM keys)
    ORDER BY scope, key;
DROP TABLE key_scopes;
ALTER TABLE key_scopes_4 RENAME TO key_scopes;
