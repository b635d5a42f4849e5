-- Orders with what belongs to them, the records that are none, and the ledger of what was read.

-- migrate:up
CREATE TABLE orders (
    order_uid          text PRIMARY KEY,
    track_number       text NOT NULL,
    entry              text NOT NULL,
    locale             text NOT NULL,
    internal_signature text NOT NULL,
    customer_id        text NOT NULL,
    delivery_service   text NOT NULL,
    shardkey           text NOT NULL,
    sm_id              bigint NOT NULL,
    date_created       timestamptz NOT NULL,
    date_created_text  text NOT NULL,
    oof_shard          text NOT NULL,
    topic              text NOT NULL,
    partition          integer NOT NULL,
    record_offset      bigint NOT NULL,
    produced_at        timestamptz,
    ingested_at        timestamptz NOT NULL DEFAULT now(),
    content_digest     bytea NOT NULL
);
COMMENT ON COLUMN orders.date_created_text IS 'as the producer wrote it; date_created is for queries';
COMMENT ON COLUMN orders.content_digest IS 'SHA-256 of the canonical JSON, which is the body answered';
CREATE INDEX orders_newest ON orders (ingested_at DESC, order_uid DESC);

CREATE TABLE deliveries (
    order_uid text PRIMARY KEY REFERENCES orders,
    name      text NOT NULL,
    phone     text NOT NULL,
    zip       text NOT NULL,
    city      text NOT NULL,
    address   text NOT NULL,
    region    text NOT NULL,
    email     text NOT NULL
);

CREATE TABLE payments (
    order_uid     text PRIMARY KEY REFERENCES orders,
    transaction   text NOT NULL,
    request_id    text NOT NULL,
    currency      text NOT NULL,
    provider      text NOT NULL,
    amount        bigint NOT NULL,
    payment_dt    bigint NOT NULL,
    bank          text NOT NULL,
    delivery_cost bigint NOT NULL,
    goods_total   bigint NOT NULL,
    custom_fee    bigint NOT NULL
);

CREATE TABLE items (
    order_uid    text NOT NULL REFERENCES orders,
    position     integer NOT NULL,
    chrt_id      bigint NOT NULL,
    track_number text NOT NULL,
    price        bigint NOT NULL,
    rid          text NOT NULL,
    name         text NOT NULL,
    sale         bigint NOT NULL,
    size         text NOT NULL,
    total_price  bigint NOT NULL,
    nm_id        bigint NOT NULL,
    brand        text NOT NULL,
    status       bigint NOT NULL,
    PRIMARY KEY (order_uid, position)
);

CREATE TABLE quarantined_records (
    id                bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic             text NOT NULL,
    partition         integer NOT NULL,
    record_offset     bigint NOT NULL,
    produced_at       timestamptz,
    timestamp_type    text NOT NULL,
    key               bytea,
    value             bytea,
    value_digest      bytea GENERATED ALWAYS AS (sha256(value)) STORED,
    headers           jsonb NOT NULL,
    code              text NOT NULL,
    faults            jsonb NOT NULL,
    order_uid         text,
    validator_version integer NOT NULL,
    quarantined_at    timestamptz NOT NULL DEFAULT now(),
    state             text NOT NULL DEFAULT 'open',
    -- A redelivery changes nothing, yet a topic made anew with the same offsets is kept too.
    UNIQUE NULLS NOT DISTINCT (topic, partition, record_offset, produced_at, value_digest)
);
COMMENT ON COLUMN quarantined_records.headers IS
    '[{"name": …, "value": base64}] in order; name_base64 for a name that text cannot hold';
COMMENT ON COLUMN quarantined_records.faults IS '[{"path", "code", "sentence"}]';
CREATE INDEX quarantined_records_of_order ON quarantined_records (order_uid)
    WHERE order_uid IS NOT NULL;

CREATE TABLE ingested_offsets (
    topic      text NOT NULL,
    partition  integer NOT NULL,
    offsets    int8multirange NOT NULL DEFAULT '{}',
    duplicates bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (topic, partition)
);
COMMENT ON TABLE ingested_offsets IS 'the ledger: every offset here has a fate';

-- migrate:down
DROP TABLE ingested_offsets, quarantined_records, items, payments, deliveries, orders;
