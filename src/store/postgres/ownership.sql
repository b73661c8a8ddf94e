-- Makes the roles, and gives {owner} the right to make the schema. Run by `init` before all else. A role that is there
-- already, since the database was dropped and made again, keeps its members; but nobody else may own the store, and no role
-- may do more than hold rights.
DO $$
DECLARE
    role text;
BEGIN
    FOREACH role IN ARRAY ARRAY[{owner_text}, {admin_text}, {operator_text}, {verifier_text}] LOOP
        IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = role) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN', role);
        ELSIF EXISTS (SELECT FROM pg_catalog.pg_roles r
                WHERE r.rolname = role AND (r.rolcanlogin OR r.rolsuper OR r.rolbypassrls OR r.rolcreaterole)) THEN
            RAISE EXCEPTION USING ERRCODE = 'KC003', MESSAGE = format(
                'the role %s exists already, and can log in or has rights beyond the store: drop it first', role);
        END IF;
    END LOOP;
    IF EXISTS (SELECT FROM pg_catalog.pg_auth_members m JOIN pg_catalog.pg_roles r ON r.oid = m.roleid
            JOIN pg_catalog.pg_roles u ON u.oid = m.member
            WHERE r.rolname = {owner_text} AND u.rolname <> current_user) THEN
        RAISE EXCEPTION USING ERRCODE = 'KC003', MESSAGE = format(
            'the role %s exists already, and has other members, who would own the store: drop it first', {owner_text});
    END IF;
END $$;
GRANT {verifier} TO {operator};
GRANT {operator} TO {admin};
GRANT {admin} TO {owner} WITH ADMIN OPTION;
GRANT {owner} TO CURRENT_USER;
-- Each user of a database may connect, unless that is taken away.
REVOKE ALL ON DATABASE {database} FROM PUBLIC;
GRANT CONNECT ON DATABASE {database} TO {verifier};
GRANT CREATE ON DATABASE {database} TO {owner};
SET LOCAL ROLE {owner};
