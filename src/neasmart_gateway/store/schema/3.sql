-- Nonces of signed requests, so that none is taken twice, not even after a crash.
CREATE TABLE nonces (
    owner   TEXT NOT NULL, -- name of the key that has signed; '' with nonce '': all that end up to expires may be used
    nonce   TEXT NOT NULL,
    expires REAL NOT NULL, -- Unix time from which on the signature is too old anyway
    PRIMARY KEY (owner, nonce)
) STRICT;
CREATE INDEX nonces_by_time ON nonces (expires);
