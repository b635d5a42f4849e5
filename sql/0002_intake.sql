-- Orders that were posted, and a quarantine that people work with.

-- migrate:up
ALTER TABLE orders
    ADD COLUMN source text NOT NULL DEFAULT 'kafka',
    ALTER COLUMN topic DROP NOT NULL,
    ALTER COLUMN partition DROP NOT NULL,
    ALTER COLUMN record_offset DROP NOT NULL;
-- What a migration down wrote, if there was one.
UPDATE orders SET source = 'http', topic = NULL, partition = NULL, record_offset = NULL
WHERE topic = 'http' AND partition = -1;
-- The default stays: code of before this migration, which knows of no source, may still be running.
ALTER TABLE orders
    ADD CONSTRAINT orders_have_a_place CHECK (
        num_nulls(topic, partition, record_offset) = CASE source WHEN 'http' THEN 3 ELSE 0 END
    );
COMMENT ON COLUMN orders.source IS 'how it came: kafka, nats, or http, which has no topic and no offset';
CREATE INDEX orders_of_customer ON orders (customer_id, ingested_at DESC, order_uid DESC);

ALTER TABLE quarantined_records
    ADD COLUMN attempts         integer NOT NULL DEFAULT 1,
    ADD COLUMN settled_at       timestamptz,
    ADD COLUMN settled_by       text,
    ADD COLUMN reason           text,
    ADD COLUMN stored_order_uid text REFERENCES orders;
-- Who settled what was dropped by a migration down, if there was one; an order tells its place still.
UPDATE quarantined_records AS record
SET settled_at = now(), settled_by = 'migration', stored_order_uid = orders.order_uid
FROM orders
WHERE record.state = 'redriven'
    AND (record.topic, record.partition, record.record_offset)
        = (orders.topic, orders.partition, orders.record_offset)
    AND record.produced_at IS NOT DISTINCT FROM orders.produced_at;
UPDATE quarantined_records SET state = 'open' WHERE state = 'redriven' AND settled_at IS NULL;
UPDATE quarantined_records
SET settled_at = now(), settled_by = 'migration', reason = 'dropped by a migration down'
WHERE state = 'discarded';
ALTER TABLE quarantined_records
    ADD CONSTRAINT quarantined_records_state CHECK (state IN ('open', 'redriven', 'discarded')),
    ADD CONSTRAINT quarantined_records_settled CHECK (
        (state = 'open') = (settled_at IS NULL) AND (state = 'open') = (settled_by IS NULL)
        AND (state = 'discarded') = (reason IS NOT NULL)
        AND (state = 'redriven') = (stored_order_uid IS NOT NULL)
    );
COMMENT ON COLUMN quarantined_records.faults IS
    '[{"path", "code", "sentence", "sentence_ru", "value"}]: why its own value is refused, as judged last';
COMMENT ON COLUMN quarantined_records.stored_order_uid IS 'the order that came of it';
CREATE INDEX quarantined_records_by_state ON quarantined_records (state, code, id);
CREATE INDEX quarantined_records_by_time ON quarantined_records (quarantined_at);
-- Producers make the order's id the key; a longer key is none, and too long for an index perhaps.
CREATE INDEX quarantined_records_of_key ON quarantined_records (key) WHERE length(key) <= 64;

CREATE TABLE quarantine_attempts (
    record_id         bigint NOT NULL REFERENCES quarantined_records,
    number            integer NOT NULL,
    attempted_at      timestamptz NOT NULL DEFAULT now(),
    actor             text NOT NULL,
    outcome           text NOT NULL CHECK (outcome IN ('refused', 'stored', 'duplicate')),
    faults            jsonb NOT NULL DEFAULT '[]',
    validator_version integer NOT NULL,
    document          bytea,
    PRIMARY KEY (record_id, number)
);
COMMENT ON TABLE quarantine_attempts IS 'every time that a record met the rules; the first is its arrival';
COMMENT ON COLUMN quarantine_attempts.document IS 'what was tried in place of the record''s own value';
INSERT INTO quarantine_attempts (record_id, number, attempted_at, actor, outcome, faults, validator_version)
SELECT id, 1, quarantined_at, 'ingestion', 'refused', faults, validator_version
FROM quarantined_records;

CREATE VIEW quarantine_summary AS
SELECT topic, code, state, count(*) AS records,
    min(quarantined_at) AS first_quarantined_at, max(quarantined_at) AS last_quarantined_at
FROM quarantined_records GROUP BY topic, code, state;
COMMENT ON VIEW quarantine_summary IS 'how many records of each topic were refused, why first, and what became of them';

CREATE VIEW quarantined_faults AS
SELECT record.id AS record_id, record.state, record.topic, record.partition, record.record_offset,
    record.order_uid, record.quarantined_at, fault.path, fault.code, fault.sentence, fault.value
FROM quarantined_records AS record,
    jsonb_to_recordset(record.faults) AS fault (path text, code text, sentence text, value text);
COMMENT ON VIEW quarantined_faults IS 'one row for each fault of each refused record';

CREATE VIEW quarantine_history AS
SELECT attempt.record_id, attempt.number, attempt.attempted_at, attempt.actor, attempt.outcome,
    attempt.faults -> 0 ->> 'code' AS code, attempt.document IS NOT NULL AS corrected,
    attempt.validator_version, record.topic, record.partition, record.record_offset, record.state,
    record.stored_order_uid
FROM quarantine_attempts AS attempt JOIN quarantined_records AS record ON record.id = record_id;
COMMENT ON VIEW quarantine_history IS 'who tried what with which refused record, and how it ended';

-- migrate:down
DROP VIEW quarantine_history, quarantined_faults, quarantine_summary;
DROP TABLE quarantine_attempts;
DROP INDEX quarantined_records_by_state, quarantined_records_by_time, quarantined_records_of_key;
ALTER TABLE quarantined_records
    DROP CONSTRAINT quarantined_records_state,
    DROP CONSTRAINT quarantined_records_settled,
    DROP COLUMN attempts, DROP COLUMN settled_at, DROP COLUMN settled_by, DROP COLUMN reason,
    DROP COLUMN stored_order_uid;
COMMENT ON COLUMN quarantined_records.faults IS '[{"path", "code", "sentence"}]';
DROP INDEX orders_of_customer;
ALTER TABLE orders DROP CONSTRAINT orders_have_a_place;
UPDATE orders SET topic = 'http', partition = -1, record_offset = -1 WHERE source = 'http';
ALTER TABLE orders
    DROP COLUMN source,
    ALTER COLUMN topic SET NOT NULL,
    ALTER COLUMN partition SET NOT NULL,
    ALTER COLUMN record_offset SET NOT NULL;
