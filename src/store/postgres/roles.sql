-- Who may do what. Run by `init` behind the first version of the schema, and again by every upgrade: each line may be
-- repeated. Roles belong to the whole cluster, so their names hold the database's.

REVOKE ALL ON SCHEMA keyctl FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA keyctl FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA keyctl FROM PUBLIC;

-- A verifier calls functions, and reads no table: it cannot list keys.
GRANT USAGE ON SCHEMA keyctl TO {verifier};
GRANT EXECUTE ON FUNCTION keyctl.clock(), keyctl.is_admin(), keyctl.look(bigint, bytea), keyctl.to_verify(text[], text[]),
    keyctl.role_of(text, text), keyctl.has_members(text), keyctl.touch(text, bigint), keyctl.has_reuse(text, bigint),
    keyctl.note_reuse(bigint, text, text) TO {verifier};

-- An operator sees everything but hashes, and changes keys of their own: see the policies below. They get no right to UPDATE
-- or DELETE on a whole table, which would let them lock it.
GRANT SELECT (seq, id, name, owner, kind, created_at, created_by, expires_at, first_used_at, last_used_at, grace_from,
        usable_until, disabled_at, disabled_by, deleted_at, replaces, replaced_by, scopes, labels, allow_from, imported),
    INSERT (id, name, owner, kind, hash, created_at, created_by, expires_at, grace_from, usable_until, disabled_at,
        disabled_by, deleted_at, replaces, replaced_by, scopes, labels, allow_from, imported),
    UPDATE (name, owner, expires_at, grace_from, usable_until, disabled_at, disabled_by, deleted_at, replaced_by, scopes,
        labels, allow_from) ON keyctl.keys TO {operator};
GRANT SELECT ON keyctl.store, keyctl.policy, keyctl.scopes, keyctl.scope_implies, keyctl.members, keyctl.administrators,
    keyctl.events, keyctl.event_head TO {operator};
GRANT INSERT (project, "user", role), UPDATE (role) ON keyctl.members TO {operator};
GRANT EXECUTE ON FUNCTION keyctl.lock_head(), keyctl.append(bigint, text, text, text), keyctl.lp(text), keyctl.admins(),
    keyctl.owns_project(text), keyctl.grants(), keyctl.purge(text), keyctl.remove_member(text, text) TO {operator};

-- An administrator does all but write the log by hand, or put a hash in the place of another.
GRANT SELECT (hash) ON keyctl.keys TO {admin};
GRANT INSERT, UPDATE, DELETE ON keyctl.policy, keyctl.scopes, keyctl.scope_implies TO {admin};
GRANT EXECUTE ON FUNCTION keyctl.replace_hash(text, text, text), keyctl.add_admin(text), keyctl.remove_admin(text),
    keyctl.retire(bigint, text) TO {admin};

ALTER TABLE keyctl.keys ENABLE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS read_all ON keyctl.keys;
DROP POLICY IF EXISTS insert_own ON keyctl.keys;
DROP POLICY IF EXISTS update_own ON keyctl.keys;
CREATE POLICY read_all ON keyctl.keys FOR SELECT TO {operator} USING (true);
CREATE POLICY insert_own ON keyctl.keys FOR INSERT TO {operator}
    WITH CHECK (owner = session_user::text OR (SELECT keyctl.is_admin()));
CREATE POLICY update_own ON keyctl.keys FOR UPDATE TO {operator}
    USING (owner = session_user::text OR (SELECT keyctl.is_admin()))
    WITH CHECK (owner = session_user::text OR (SELECT keyctl.is_admin()));

ALTER TABLE keyctl.members ENABLE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS read_all ON keyctl.members;
DROP POLICY IF EXISTS change_own ON keyctl.members;
CREATE POLICY read_all ON keyctl.members FOR SELECT TO {operator} USING (true);
CREATE POLICY change_own ON keyctl.members FOR ALL TO {operator}
    USING ((SELECT keyctl.is_admin()) OR keyctl.owns_project(project))
    WITH CHECK ((SELECT keyctl.is_admin()) OR keyctl.owns_project(project));
