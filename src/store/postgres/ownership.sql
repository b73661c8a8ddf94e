-- Makes the roles, and gives {owner} the right to make the schema. Run by `init` before all else. A role that is there
-- already, since the database was dropped and made again, keeps its members.
DO $$
DECLARE
    role text;
BEGIN
    FOREACH role IN ARRAY ARRAY[{owner_text}, {admin_text}, {operator_text}, {verifier_text}] LOOP
        IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = role) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN', role);
        END IF;
    END LOOP;
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
