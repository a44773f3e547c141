-- Commands with their receipts, and who changed what.
CREATE TABLE commands (
    seq             INTEGER PRIMARY KEY AUTOINCREMENT, -- in the order in which they were accepted
    id              TEXT NOT NULL UNIQUE,
    created_at      REAL NOT NULL,                     -- Unix time
    state           TEXT NOT NULL,
    receipt         TEXT NOT NULL,                     -- JSON, as the API answers it
    idempotency_key TEXT,
    fingerprint     TEXT                               -- of the request that came with the key
) STRICT;
CREATE INDEX commands_by_time ON commands (created_at);
CREATE INDEX open_commands ON commands (state) WHERE state IN ('accepted', 'delivered');
CREATE INDEX commands_by_key ON commands (idempotency_key) WHERE idempotency_key IS NOT NULL;

CREATE TABLE audit (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    at         REAL NOT NULL,    -- Unix time
    address    INTEGER NOT NULL, -- 0-based wire address of a command register
    before     INTEGER,          -- word, NULL: never written
    word       INTEGER NOT NULL,
    cause      TEXT NOT NULL,    -- base, command, state_command, user
    who        TEXT NOT NULL,
    command_id TEXT
) STRICT;
CREATE INDEX audit_by_address ON audit (address, seq);
CREATE INDEX audit_by_time ON audit (at);
