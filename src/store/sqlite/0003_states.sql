-- Leads to the keys of every state but active, and to those that soon leave it. The condition holds
-- for all that could ever be looked for; it keeps SQLite from taking this index where only "not
-- deleted" is asked, which is true of nearly all.
CREATE INDEX keys_state ON keys (deleted_at, usable_until, disabled_at, expires_at)
    WHERE deleted_at IS NOT NULL OR usable_until IS NOT NULL
        OR disabled_at IS NOT NULL OR expires_at IS NOT NULL;
