-- The history of measurements. A series is named by the wire address of its register; times are Unix seconds.
CREATE TABLE history_tail (
    seq     INTEGER PRIMARY KEY AUTOINCREMENT,
    samples BLOB NOT NULL     -- of all series, one row for each flush
) STRICT;

CREATE TABLE history_blocks (
    seq    INTEGER PRIMARY KEY AUTOINCREMENT, -- in the order of recording
    series INTEGER NOT NULL,
    first  INTEGER NOT NULL,
    last   INTEGER NOT NULL,
    count  INTEGER NOT NULL,
    upto   INTEGER NOT NULL,  -- what the tail has of this series up to this row is in blocks
    points BLOB NOT NULL
) STRICT;
CREATE INDEX history_blocks_by_time ON history_blocks (series, last, first);
CREATE INDEX history_blocks_by_tail ON history_blocks (upto);

CREATE TABLE history_hours (
    seq    INTEGER PRIMARY KEY AUTOINCREMENT,
    series INTEGER NOT NULL,
    first  INTEGER NOT NULL,  -- when the first hour begins
    last   INTEGER NOT NULL,  -- when the last hour begins
    hours  BLOB NOT NULL
) STRICT;
CREATE INDEX history_hours_by_time ON history_hours (series, last, first);
