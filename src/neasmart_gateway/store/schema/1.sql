-- The journal of a neasmart-gateway. The version stands in PRAGMA user_version.
CREATE TABLE registers (
    address    INTEGER PRIMARY KEY CHECK (address BETWEEN 0 AND 65535), -- 0-based wire address
    word       INTEGER NOT NULL CHECK (word BETWEEN 0 AND 65535),       -- as the base station wrote it
    written_at REAL NOT NULL                                            -- Unix time at which it took this value
) STRICT;
