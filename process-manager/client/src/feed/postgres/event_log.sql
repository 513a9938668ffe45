-- The tables of an event log that process managers read, in the schema that `search_path` names first.
--
-- May be run again and again; in one transaction (psql: --single-transaction), as the lock below lasts for one.
-- PostgreSQL 13 or newer.
--
-- The application inserts into process_event, in the transaction that changes its own data, and leaves out `position`:
--
--     INSERT INTO process_event (source, type, subject, data) VALUES ('/shop', 'OrderPlaced', 'order-7', '{"total": 12}');
--
-- It should be the last that the transaction does: from there to its commit no other one can insert. The application's
-- role needs INSERT on process_event, and SELECT and UPDATE on process_event_log; a reader's needs SELECT on both.
--
-- Rows are never changed. Old ones may be deleted once all readers have passed them, except for the last one. Instances of
-- process managers are readers too: one that is parked reads the events that wait for it again, so keep what is younger
-- than the oldest incident. A reader that stands before deleted rows that it has not read stops.
--
-- A log that has lost events (a restore, a fail-over to a standby that lagged behind) must get another id, so that
-- readers stop instead of passing over what was inserted since:
--
--     UPDATE process_event_log SET log_id = gen_random_uuid();

-- Two programs that start at once wait for each other instead of failing.
SELECT pg_advisory_xact_lock(hashtext('process_event'));

-- One row: the log's id, and the last position that was given out.
CREATE TABLE IF NOT EXISTS process_event_log (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    log_id uuid NOT NULL DEFAULT gen_random_uuid(),
    head bigint NOT NULL DEFAULT 0
);
-- Not ON CONFLICT: that would wait for a writer.
INSERT INTO process_event_log SELECT WHERE NOT EXISTS (SELECT FROM process_event_log);

CREATE TABLE IF NOT EXISTS process_event (
    -- Given by the trigger, from 1, in the order in which the rows become readable.
    position bigint PRIMARY KEY CHECK (position > 0),
    -- Unique in the log; a random uuid by default.
    id text NOT NULL UNIQUE,
    -- The service, such as /shop.
    source text NOT NULL,
    -- Name of the event, such as OrderPlaced.
    type text NOT NULL,
    -- What it is about: the order's id.
    subject text NOT NULL,
    time timestamptz NOT NULL DEFAULT now(),
    -- The process that it belongs to, and the message that directly led to it; the event's own id by default.
    correlation_id text NOT NULL,
    causation_id text NOT NULL,
    data jsonb NOT NULL
);

CREATE OR REPLACE FUNCTION process_event_insert() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.position IS NOT NULL THEN
        RAISE EXCEPTION 'leave out the position of a process_event: the log gives it';
    END IF;
    -- With "off" an event could be read, then be lost in a crash, and its position be given to another one.
    IF current_setting('synchronous_commit') = 'off' THEN
        PERFORM set_config('synchronous_commit', 'local', true);
    END IF;
    -- The row's lock is held until the commit: the next position is given out once this one is readable, and a rollback
    -- gives it back. A sequence does neither.
    EXECUTE format('UPDATE %I.process_event_log SET head = head + 1 RETURNING head', TG_TABLE_SCHEMA)
        INTO NEW.position;
    IF NEW.position IS NULL THEN
        RAISE EXCEPTION 'table process_event_log has lost its row';
    END IF;
    NEW.id := coalesce(NEW.id, gen_random_uuid()::text);
    NEW.correlation_id := coalesce(NEW.correlation_id, NEW.id);
    NEW.causation_id := coalesce(NEW.causation_id, NEW.id);
    -- Reaches the readers at the commit; one for the whole transaction.
    PERFORM pg_notify('process_event', '');
    RETURN NEW;
END
$$;

-- Not CREATE OR REPLACE: that would wait for all writers each time.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = 'process_event'::regclass AND tgname = 'process_event_insert')
    THEN
        CREATE TRIGGER process_event_insert BEFORE INSERT ON process_event
            FOR EACH ROW EXECUTE FUNCTION process_event_insert();
    END IF;
END
$$;
