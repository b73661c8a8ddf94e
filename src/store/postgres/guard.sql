-- The rules of access, policy and state, for plain SQL as well. They mirror those of the library (src/key, src/policy.rs
-- and src/access.rs), which give a user better messages. Times are compared with the server's clock; one that the caller
-- sets may be a minute off.
--
-- SQLSTATE of a refusal: KC002 by policy, KC003 by access, KC004 by the state of a key, KC005 by the clock. An
-- administrator is bound only by what no command ever does: a deleted key never changes, a rotation is taken back only with
-- its successor.

-- The milliseconds of a duration such as `90d` or `1d12h`; NULL for any other text.
CREATE FUNCTION keyctl.span_ms(span text) RETURNS bigint LANGUAGE sql IMMUTABLE
    RETURN (
        SELECT CASE WHEN sum(part) <= 253402300799999 THEN sum(part)::bigint END
        FROM (
            SELECT p[1]::numeric * CASE p[2] WHEN 's' THEN 1000 WHEN 'm' THEN 60000 WHEN 'h' THEN 3600000
                WHEN 'd' THEN 86400000 WHEN 'w' THEN 604800000 WHEN 'y' THEN 31536000000 ELSE 2592000000 END AS part
            FROM regexp_matches(span, '([0-9]+)([a-z]+)', 'g') p
            WHERE span ~ '^([0-9]+y)?([0-9]+months?)?([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?$'
        ) parts
    );

-- The milliseconds that a key may live by a value of the policy `max-expiry`; 0 if there is no limit, and NULL if the value
-- cannot be read: then it may not live at all.
CREATE FUNCTION keyctl.life_ms(value text) RETURNS bigint LANGUAGE sql IMMUTABLE
    RETURN CASE WHEN value = 'never' THEN 0 ELSE nullif(keyctl.span_ms(value), 0) END;

-- Whether a key may have this name. The library also wants NFC and no character that nobody can see.
CREATE FUNCTION keyctl.is_name(name text) RETURNS boolean LANGUAGE sql IMMUTABLE
    RETURN char_length(name) BETWEEN 1 AND 128 AND name !~
        '^-|^ | $|^[0-9a-hjkmnp-tv-z]{12}$|[/\u0001-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]';

-- Whether the text is a JSON object of texts, as the library writes labels. The library gives a key at most 64, but a key
-- keeps those that an older version gave it.
CREATE FUNCTION keyctl.are_labels(labels text) RETURNS boolean LANGUAGE sql IMMUTABLE
    RETURN labels = '{}' OR octet_length(labels) <= 1000000 AND (SELECT count(*) <= 1000 AND coalesce(bool_and(jsonb_typeof(l.value) = 'string'), true)
        FROM jsonb_each(labels::jsonb) l);

-- Whether each text is a network, and they are not too many. A text that is not even an address is an error of its own.
CREATE FUNCTION keyctl.are_networks(networks text[]) RETURNS boolean LANGUAGE sql IMMUTABLE
    RETURN cardinality(networks) = 0 OR cardinality(networks) <= 1000 AND (
        SELECT bool_and(network(n::inet) = n::inet AND (family(n::inet) = 6 OR n = text(n::inet)))
        FROM unnest(networks) n);

-- A new key of a user who is no administrator: of kind api, their own, as `create` and `rotate` make it. Nested conditions:
-- each command has a session of its own, which plans no expression that it does not reach.
CREATE FUNCTION keyctl.guard_insert() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    max_expiry text;
    self_service text;
    by_policy text;
    is_used boolean;
    life bigint := 31536000000;
    known bigint;
BEGIN
    IF keyctl.is_admin() THEN
        RETURN NEW;
    END IF;
    IF NEW.kind <> 'api' OR NEW.imported THEN
        RAISE EXCEPTION USING ERRCODE = 'KC003', MESSAGE = 'only an administrator makes a legacy key or imports one';
    ELSIF NEW.created_by <> session_user THEN
        RAISE EXCEPTION USING ERRCODE = 'KC003', MESSAGE = format('%s is not created by %s', NEW.id, NEW.created_by);
    ELSIF abs(NEW.created_at - keyctl.clock()) > 60000 THEN
        RAISE EXCEPTION USING ERRCODE = 'KC004', MESSAGE = format('%s is not created now', NEW.id);
    ELSIF num_nonnulls(NEW.first_used_at, NEW.last_used_at, NEW.grace_from, NEW.usable_until, NEW.disabled_at,
            NEW.disabled_by, NEW.deleted_at, NEW.replaced_by) > 0 THEN
        RAISE EXCEPTION USING ERRCODE = 'KC004', MESSAGE = format('%s is new, but has been changed or used', NEW.id);
    END IF;
    SELECT max(p.value) FILTER (WHERE p.name = 'max-expiry'),
        max(p.value) FILTER (WHERE p.name = 'self-service'),
        CASE WHEN max(p.value) FILTER (WHERE p.name = 'hash') = 'sha256' THEN '^\$sha256\$[A-Za-z0-9+/]{43}$'
            ELSE format('^\$argon2id\$v=19\$m=%s,t=%s,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$',
                coalesce(max(p.value) FILTER (WHERE p.name = 'argon2-memory'), '7168'),
                coalesce(max(p.value) FILTER (WHERE p.name = 'argon2-iterations'), '5')) END,
        EXISTS (SELECT FROM keyctl.events e WHERE e.key_id = NEW.id)
        INTO max_expiry, self_service, by_policy, is_used FROM keyctl.policy p;
    -- A purged key's ID stays in the log, and means that key alone.
    IF is_used THEN
        RAISE EXCEPTION USING ERRCODE = 'KC004', MESSAGE = format('%s is the ID of an earlier key', NEW.id);
    END IF;
    PERFORM FROM keyctl.scopes s WHERE s.name = ANY (NEW.scopes) FOR KEY SHARE;
    GET DIAGNOSTICS known = ROW_COUNT;
    IF known = 0 OR known <> cardinality(NEW.scopes) THEN
        RAISE EXCEPTION USING ERRCODE = 'KC002', MESSAGE = format('%s needs scopes, each of them registered', NEW.id);
    END IF;
    IF max_expiry IS NOT NULL THEN
        life := keyctl.life_ms(max_expiry);
    END IF;
    IF (life = 0 OR NEW.expires_at <= NEW.created_at + life) IS NOT TRUE THEN
        RAISE EXCEPTION USING ERRCODE = 'KC002', MESSAGE = format('%s expires later than policy allows (max-expiry)', NEW.id);
    END IF;
    -- A dearer hash would cost every verifier its time and memory. The program hashes before it has the lock: a policy that
    -- is changed in between refuses that key.
    IF (NEW.hash ~ by_policy) IS NOT TRUE THEN
        RAISE EXCEPTION USING ERRCODE = 'KC002', MESSAGE = format(
            '%s is not hashed as policy says now (hash, argon2-memory, argon2-iterations): create it again', NEW.id);
    END IF;
    IF NOT keyctl.is_name(NEW.name) THEN
        RAISE EXCEPTION USING ERRCODE = 'KC004', MESSAGE = format('the name of %s is not valid', NEW.id);
    END IF;
    IF NEW.labels <> '{}' OR NEW.allow_from <> '{}' THEN
        IF NOT (keyctl.are_labels(NEW.labels) AND keyctl.are_networks(NEW.allow_from)) THEN
            RAISE EXCEPTION USING ERRCODE = 'KC004', MESSAGE = format('the labels or networks of %s are not valid', NEW.id);
        END IF;
    END IF;
    IF NEW.replaces IS NULL THEN
        IF self_service <> 'on' THEN
            RAISE EXCEPTION USING ERRCODE = 'KC003', MESSAGE = 'only an administrator creates keys: policy self-service is off';
        END IF;
    ELSE
        -- The log has no event of the successor yet, so the predecessor was rotated in this transaction: see `check_lineage`.
        IF NOT EXISTS (SELECT FROM keyctl.keys k WHERE k.id = NEW.replaces AND k.replaced_by = NEW.id
                AND k.owner = NEW.owner AND k.kind = NEW.kind AND k.name = NEW.name AND k.deleted_at IS NULL
                AND k.scopes @> NEW.scopes AND k.scopes <@ NEW.scopes
                AND k.allow_from @> NEW.allow_from AND k.allow_from <@ NEW.allow_from) THEN
            RAISE EXCEPTION USING ERRCODE = 'KC004', MESSAGE = format('%s was not rotated into %s', NEW.replaces, NEW.id);
        END IF;
    END IF;
    RETURN NEW;
END $$;

-- A change of a key.
CREATE FUNCTION keyctl.guard_update() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    now bigint;
    in_grace boolean;
    added text[];
    known bigint;
    max_expiry text;
    life bigint := 31536000000;
BEGIN
    IF (NEW.seq, NEW.id, NEW.kind, NEW.created_at, NEW.created_by, NEW.replaces, NEW.imported)
            IS DISTINCT FROM (OLD.seq, OLD.id, OLD.kind, OLD.created_at, OLD.created_by, OLD.replaces, OLD.imported) THEN
        RAISE EXCEPTION USING ERRCODE = 'KC004', MESSAGE = format('the ID, kind and origin of %s never change', OLD.id);
    END IF;
    IF OLD.deleted_at IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'KC004', MESSAGE = format('%s cannot be changed: it is deleted', OLD.id);
    END IF;
    IF OLD.usable_until IS NOT NULL AND NEW.usable_until IS NULL AND NOT EXISTS (
            SELECT FROM keyctl.keys k WHERE k.id = OLD.replaced_by AND k.replaces = OLD.id AND k.deleted_at IS NOT NULL
                AND k.xmin = pg_current_xact_id()::xid AND k.disabled_at IS NULL AND k.usable_until IS NULL) THEN
        RAISE EXCEPTION USING ERRCODE = 'KC004',
            MESSAGE = format('the rotation of %s cannot be undone: its successor was not deleted for that', OLD.id);
    END IF;
    IF keyctl.is_admin() THEN
        RETURN NEW;
    END IF;

    now := keyctl.clock();
    IF NEW.owner <> OLD.owner THEN
        RAISE EXCEPTION USING ERRCODE = 'KC003', MESSAGE = 'only an administrator gives keys to another owner';
    END IF;

    IF NEW.deleted_at IS NOT NULL THEN
        IF OLD.kind = 'legacy' THEN
            RAISE EXCEPTION USING ERRCODE = 'KC004', MESSAGE = format('%s cannot be deleted: it is a legacy key', OLD.id);
        END IF;
        IF abs(NEW.deleted_at - now) > 60000 OR (NEW.name, NEW.expires_at, NEW.grace_from, NEW.usable_until, NEW.disabled_at,
                NEW.disabled_by, NEW.replaced_by, NEW.scopes, NEW.labels, NEW.allow_from)
                IS DISTINCT FROM (OLD.name, OLD.expires_at, OLD.grace_from, OLD.usable_until, OLD.disabled_at,
                OLD.disabled_by, OLD.replaced_by, OLD.scopes, OLD.labels, OLD.allow_from) THEN
            RAISE EXCEPTION USING ERRCODE = 'KC004', MESSAGE = format('%s is not deleted now, as it is', OLD.id);
        END IF;
        RETURN NEW;
    END IF;

    IF (NEW.disabled_at, NEW.disabled_by) IS DISTINCT FROM (OLD.disabled_at, OLD.disabled_by) THEN
        IF OLD.disabled_at IS NOT NULL THEN
            IF OLD.disabled_by <> session_user THEN
                RAISE EXCEPTION USING ERRCODE = 'KC003',
                    MESSAGE = format('%s was disabled by %s: only they or an administrator can enable it', OLD.id, OLD.disabled_by);
            END IF;
            IF NEW.disabled_at IS NOT NULL THEN
                RAISE EXCEPTION USING ERRCODE = 'KC004', MESSAGE = format('%s is disabled already', OLD.id);
            END IF;
        ELSIF NEW.disabled_by <> session_user THEN
            RAISE EXCEPTION USING ERRCODE = 'KC003', MESSAGE = format('%s is not disabled by %s', OLD.id, NEW.disabled_by);
        ELSIF abs(NEW.disabled_at - now) > 60000 OR NEW.grace_from < NEW.usable_until THEN
            RAISE EXCEPTION USING ERRCODE = 'KC004', MESSAGE = format('%s is not disabled now, which ends its grace', OLD.id);
        END IF;
    END IF;

    -- An edit of a live key.
    IF OLD.usable_until IS NULL AND NEW.usable_until IS NULL THEN
        IF NEW.replaced_by IS DISTINCT FROM OLD.replaced_by THEN
            RAISE EXCEPTION USING ERRCODE = 'KC004', MESSAGE = format('%s was not rotated', OLD.id);
        END IF;
        IF OLD.kind = 'legacy' AND (NEW.scopes <> OLD.scopes OR NEW.expires_at IS DISTINCT FROM OLD.expires_at) THEN
            RAISE EXCEPTION USING ERRCODE = 'KC004',
                MESSAGE = format('%s cannot be given scopes or an expiry: it is a legacy key', OLD.id);
        END IF;
        IF NEW.scopes <> OLD.scopes THEN
            IF cardinality(NEW.scopes) = 0 THEN
                RAISE EXCEPTION USING ERRCODE = 'KC004', MESSAGE = format('%s cannot be left without a scope', OLD.id);
            END IF;
            added := ARRAY(SELECT unnest(NEW.scopes) EXCEPT SELECT unnest(OLD.scopes));
            PERFORM FROM keyctl.scopes s WHERE s.name = ANY (added) FOR KEY SHARE;
            GET DIAGNOSTICS known = ROW_COUNT;
            IF known <> cardinality(added) THEN
                RAISE EXCEPTION USING ERRCODE = 'KC002', MESSAGE = format('%s would have a scope that is not registered', OLD.id);
            END IF;
        END IF;
        IF NEW.expires_at IS DISTINCT FROM OLD.expires_at THEN
            SELECT p.value INTO max_expiry FROM keyctl.policy p WHERE p.name = 'max-expiry';
            IF max_expiry IS NOT NULL THEN
                life := keyctl.life_ms(max_expiry);
            END IF;
            IF (life = 0 OR NEW.expires_at <= OLD.created_at + life) IS NOT TRUE THEN
                RAISE EXCEPTION USING ERRCODE = 'KC002',
                    MESSAGE = format('%s expires later than policy allows (max-expiry)', OLD.id);
            END IF;
        END IF;
        IF (NEW.name, NEW.labels, NEW.allow_from) IS DISTINCT FROM (OLD.name, OLD.labels, OLD.allow_from) THEN
            IF (NEW.name <> OLD.name AND NOT keyctl.is_name(NEW.name))
                    OR (NEW.labels <> OLD.labels AND NOT keyctl.are_labels(NEW.labels))
                    OR (NEW.allow_from <> OLD.allow_from AND NOT keyctl.are_networks(NEW.allow_from)) THEN
                RAISE EXCEPTION USING ERRCODE = 'KC004',
                    MESSAGE = format('the name, labels or networks of %s are not valid', OLD.id);
            END IF;
        END IF;
        RETURN NEW;
    END IF;

    IF (NEW.name, NEW.expires_at, NEW.scopes, NEW.labels, NEW.allow_from)
            IS DISTINCT FROM (OLD.name, OLD.expires_at, OLD.scopes, OLD.labels, OLD.allow_from) THEN
        RAISE EXCEPTION USING ERRCODE = 'KC004', MESSAGE = format('%s cannot be changed: it is phased-out', OLD.id);
    END IF;

    -- A rotation.
    IF OLD.usable_until IS NULL THEN
        IF OLD.kind = 'legacy' THEN
            RAISE EXCEPTION USING ERRCODE = 'KC003', MESSAGE = 'only an administrator rotates a legacy key';
        END IF;
        IF OLD.disabled_at IS NOT NULL OR NEW.disabled_at IS NOT NULL THEN
            RAISE EXCEPTION USING ERRCODE = 'KC004', MESSAGE = format('%s cannot be rotated: it is disabled', OLD.id);
        END IF;
        IF NEW.replaced_by IS NULL OR OLD.replaced_by IS NOT NULL OR abs(NEW.grace_from - now) > 60000 THEN
            RAISE EXCEPTION USING ERRCODE = 'KC004', MESSAGE = format('%s is not rotated now', OLD.id);
        END IF;
        IF NEW.usable_until NOT BETWEEN least(NEW.grace_from, OLD.expires_at)
                AND least(NEW.grace_from + 7776000000, OLD.expires_at) THEN
            RAISE EXCEPTION USING ERRCODE = 'KC002',
                MESSAGE = format('the grace of %s ends at the latest after 90d, and when it expires', OLD.id);
        END IF;
        RETURN NEW;
    END IF;

    in_grace := OLD.grace_from < OLD.usable_until AND now < least(OLD.usable_until, OLD.expires_at);

    -- An undo of a rotation.
    IF NEW.usable_until IS NULL THEN
        IF OLD.kind = 'legacy' THEN
            RAISE EXCEPTION USING ERRCODE = 'KC003', MESSAGE = 'only an administrator undoes the rotation of a legacy key';
        END IF;
        IF NOT in_grace OR num_nonnulls(OLD.disabled_at, NEW.disabled_at, NEW.replaced_by) > 0 THEN
            RAISE EXCEPTION USING ERRCODE = 'KC004',
                MESSAGE = format('the rotation of %s cannot be undone: its grace is over', OLD.id);
        END IF;
        RETURN NEW;
    END IF;

    -- Another end of a grace.
    IF NEW.replaced_by IS DISTINCT FROM OLD.replaced_by THEN
        RAISE EXCEPTION USING ERRCODE = 'KC004', MESSAGE = format('%s cannot be rotated: it is phased-out', OLD.id);
    END IF;
    IF NEW.grace_from = OLD.grace_from AND NEW.usable_until = OLD.usable_until THEN
        RETURN NEW;
    END IF;
    IF NEW.grace_from = NEW.usable_until AND NEW.usable_until BETWEEN least(OLD.usable_until, now - 60000) AND OLD.usable_until THEN
        RETURN NEW;
    END IF;
    IF NOT in_grace THEN
        RAISE EXCEPTION USING ERRCODE = 'KC004', MESSAGE = format('%s cannot be given more grace: its grace is over', OLD.id);
    END IF;
    IF NEW.grace_from > OLD.grace_from
            OR NEW.usable_until NOT BETWEEN now - 60000 AND least(NEW.grace_from + 7776000000, OLD.expires_at) THEN
        RAISE EXCEPTION USING ERRCODE = 'KC002',
            MESSAGE = format('the grace of %s ends at the latest after 90d, and when it expires', OLD.id);
    END IF;
    RETURN NEW;
END $$;

-- The record of a legacy key stays.
CREATE FUNCTION keyctl.guard_delete() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'KC004', MESSAGE = format('%s cannot be purged: it is a legacy key', OLD.id);
END $$;

-- Refuses, at the commit, a rotation without its successor, and the deletion of a legacy key other than by an undo, or
-- where no command has got its token.
CREATE FUNCTION keyctl.check_lineage() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NEW.replaced_by IS DISTINCT FROM OLD.replaced_by
            AND NOT EXISTS (SELECT FROM keyctl.keys k WHERE k.id = NEW.replaced_by AND k.replaces = NEW.id) THEN
        RAISE EXCEPTION USING ERRCODE = 'KC004', MESSAGE = format('%s was not rotated into %s', NEW.id, NEW.replaced_by);
    END IF;
    IF NEW.deleted_at IS NOT NULL AND NEW.kind = 'legacy'
            AND NOT EXISTS (SELECT FROM keyctl.keys k WHERE k.id = NEW.replaces AND k.usable_until IS NULL)
            AND (NOT EXISTS (SELECT FROM keyctl.events e
                    WHERE e.key_id = NEW.id AND e.action = 'create' AND strpos(e.detail, '"handover":{') > 0)
                OR EXISTS (SELECT FROM keyctl.events e WHERE e.key_id = NEW.id AND e.action = 'handover')) THEN
        RAISE EXCEPTION USING ERRCODE = 'KC004', MESSAGE = format('%s cannot be deleted: it is a legacy key', NEW.id);
    END IF;
    RETURN NULL;
END $$;

-- Keeps a scope that a key has which is not deleted. One that another implies is kept by its foreign key.
CREATE FUNCTION keyctl.guard_scope() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM keyctl.keys k WHERE k.scopes @> ARRAY[OLD.name] AND k.deleted_at IS NULL) THEN
        RAISE EXCEPTION USING ERRCODE = 'KC004', MESSAGE = format('the scope %s is in use', OLD.name);
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER guard_insert BEFORE INSERT ON keyctl.keys FOR EACH ROW EXECUTE FUNCTION keyctl.guard_insert();
-- All columns but the hash, which only functions change, and those of a use.
CREATE TRIGGER guard_update BEFORE UPDATE OF seq, id, name, owner, kind, created_at, created_by, expires_at, grace_from,
        usable_until, disabled_at, disabled_by, deleted_at, replaces, replaced_by, scopes, labels, allow_from, imported
    ON keyctl.keys FOR EACH ROW EXECUTE FUNCTION keyctl.guard_update();
CREATE TRIGGER guard_delete BEFORE DELETE ON keyctl.keys FOR EACH ROW WHEN (OLD.kind = 'legacy')
    EXECUTE FUNCTION keyctl.guard_delete();
CREATE CONSTRAINT TRIGGER check_lineage AFTER UPDATE OF replaced_by, deleted_at ON keyctl.keys
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN ((NEW.replaced_by IS NOT NULL AND NEW.replaced_by IS DISTINCT FROM OLD.replaced_by)
        OR (NEW.kind = 'legacy' AND NEW.deleted_at IS NOT NULL AND OLD.deleted_at IS NULL))
    EXECUTE FUNCTION keyctl.check_lineage();
-- After the row is locked: whoever gave the scope to a key has ended then.
CREATE TRIGGER guard_scope AFTER DELETE OR UPDATE OF name ON keyctl.scopes FOR EACH ROW
    EXECUTE FUNCTION keyctl.guard_scope();
