-- What the database of a world has before there is a store: a clock that a test sets, and that takes the place of
-- the server's own as soon as `init` has made the function that tells the time.

CREATE TABLE public.test_clock (ms bigint);
INSERT INTO public.test_clock VALUES (NULL);
GRANT SELECT ON public.test_clock TO PUBLIC;

CREATE FUNCTION public.use_test_clock() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM pg_event_trigger_ddl_commands() c JOIN pg_proc p ON p.oid = c.objid
        WHERE c.classid = 'pg_proc'::regclass AND p.pronamespace = to_regnamespace('keyctl') AND p.proname = 'clock'
            AND pg_get_functiondef(p.oid) NOT LIKE '%test_clock%'
    ) THEN
        -- The real executable lives at the present time.
        CREATE OR REPLACE FUNCTION keyctl.clock() RETURNS bigint LANGUAGE sql VOLATILE
            RETURN CASE current_setting('application_name')
                WHEN 'present' THEN floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint
                ELSE (SELECT c.ms FROM public.test_clock c) END;
    END IF;
END $$;

CREATE EVENT TRIGGER use_test_clock ON ddl_command_end WHEN TAG IN ('CREATE FUNCTION')
    EXECUTE FUNCTION public.use_test_clock();
