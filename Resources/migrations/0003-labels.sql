-- Categories, labels and their history. A category that was deleted stays, so that undo brings its labels back.
CREATE TABLE category (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    parent_id INTEGER REFERENCES category (id),
    name TEXT NOT NULL,
    color TEXT NOT NULL CHECK (color GLOB '#[0-9A-F][0-9A-F][0-9A-F][0-9A-F][0-9A-F][0-9A-F]'),
    -- Digit that labels with it; none or 1 to 9.
    key INTEGER CHECK (key BETWEEN 1 AND 9),
    removed_at INTEGER,
    -- The batch that took it off its objects when it was deleted.
    removed_batch INTEGER
) STRICT;
CREATE UNIQUE INDEX category_name ON category (coalesce(parent_id, 0), name COLLATE NOCASE) WHERE removed_at IS NULL;
CREATE UNIQUE INDEX category_key ON category (key) WHERE removed_at IS NULL AND key IS NOT NULL;

-- What was said, by whom; a row never changes. All objects labelled alike in one step share it.
CREATE TABLE label (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    category_id INTEGER NOT NULL REFERENCES category (id),
    status TEXT NOT NULL CHECK (status IN ('predicted', 'validated', 'dubious')),
    score REAL,
    source TEXT NOT NULL CHECK (source IN ('person', 'model', 'rule')),
    by TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT;

-- One step of labelling. By an edit: edit_id. An undo is a step of its own: undoes.
CREATE TABLE label_batch (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    by TEXT NOT NULL,
    at INTEGER NOT NULL,
    edit_id INTEGER REFERENCES edit (id) ON DELETE CASCADE,
    undoes INTEGER REFERENCES label_batch (id) ON DELETE SET NULL
) STRICT;
CREATE INDEX label_batch_edit ON label_batch (edit_id) WHERE edit_id IS NOT NULL;
CREATE INDEX label_batch_undoes ON label_batch (undoes) WHERE undoes IS NOT NULL;

CREATE TABLE label_change (
    batch_id INTEGER NOT NULL REFERENCES label_batch (id) ON DELETE CASCADE,
    object_id INTEGER NOT NULL REFERENCES object (id) ON DELETE CASCADE,
    before INTEGER REFERENCES label (id),
    after INTEGER REFERENCES label (id),
    PRIMARY KEY (batch_id, object_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX label_change_object ON label_change (object_id);

-- The label in force, and what it says, repeated here for lists and overlays.
ALTER TABLE object ADD COLUMN label_id INTEGER REFERENCES label (id);
ALTER TABLE object ADD COLUMN category_id INTEGER REFERENCES category (id);
ALTER TABLE object ADD COLUMN label_status TEXT;
ALTER TABLE object ADD COLUMN label_score REAL;
CREATE INDEX object_category ON object (category_id, image_id) WHERE category_id IS NOT NULL;
