-- One project. Times are milliseconds since 1970 (UTC); boxes are half-open, x right, y down; paths are relative, with "/".
-- Read together with section 4 of the design page; run in one transaction with the change of user_version.

CREATE TABLE project (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    uid TEXT NOT NULL,
    title TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL
) STRICT;

CREATE TABLE setting (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL CHECK (json_valid(value))
) STRICT, WITHOUT ROWID;

-- Steps of the graph, and the steps that brought files in. A step that leaves the graph stays as long as data points to it.
CREATE TABLE node (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE COLLATE NOCASE,
    kind TEXT NOT NULL,
    version INTEGER NOT NULL DEFAULT 1,
    config TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(config)),
    in_graph INTEGER NOT NULL DEFAULT 0 CHECK (in_graph IN (0, 1)),
    position INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE slot (
    id INTEGER PRIMARY KEY,
    node_id INTEGER NOT NULL REFERENCES node (id) ON DELETE CASCADE,
    direction TEXT NOT NULL CHECK (direction IN ('in', 'out')),
    name TEXT NOT NULL,
    UNIQUE (node_id, direction, name)
) STRICT;

CREATE TABLE edge (
    id INTEGER PRIMARY KEY,
    from_slot INTEGER NOT NULL REFERENCES slot (id) ON DELETE CASCADE,
    to_slot INTEGER NOT NULL REFERENCES slot (id) ON DELETE CASCADE,
    UNIQUE (from_slot, to_slot)
) STRICT;
CREATE INDEX edge_to ON edge (to_slot);

-- Folders outside of the project whose images are read in place; path relative to the project folder.
CREATE TABLE import_root (
    id INTEGER PRIMARY KEY,
    path TEXT NOT NULL UNIQUE CHECK (path NOT LIKE '/%')
) STRICT;

-- Images, frames, regions, rejects. Retired objects stay (active = 0) so that undo is exact.
CREATE TABLE object (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    uid TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('image', 'frame', 'region', 'reject')),
    image_id INTEGER NOT NULL REFERENCES object (id) ON DELETE CASCADE,
    parent_id INTEGER REFERENCES object (id) ON DELETE SET NULL,
    node_id INTEGER REFERENCES node (id),
    active INTEGER NOT NULL CHECK (active IN (0, 1)),
    -- The present mask, and what it says, repeated here for lists.
    mask_id INTEGER REFERENCES mask (id) DEFERRABLE INITIALLY DEFERRED,
    edited INTEGER NOT NULL DEFAULT 0 CHECK (edited IN (0, 1)),
    x INTEGER NOT NULL,
    y INTEGER NOT NULL,
    width INTEGER NOT NULL CHECK (width >= 0),
    height INTEGER NOT NULL CHECK (height >= 0),
    area INTEGER NOT NULL,
    touches INTEGER NOT NULL DEFAULT 0,
    n_inner INTEGER NOT NULL DEFAULT 0,
    rule TEXT,
    created_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX object_uid ON object (uid) WHERE active = 1;
CREATE INDEX object_image ON object (image_id, active, kind);
CREATE INDEX object_parent ON object (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX object_mask ON object (mask_id) WHERE mask_id IS NOT NULL;

-- Boxes of active regions and rejects, pixels included on both ends; the image is a dimension of its own.
CREATE VIRTUAL TABLE object_box USING rtree_i32 (id, image_min, image_max, min_x, max_x, min_y, max_y);

-- Every mask an object ever had; a row never changes. edit_id: the edit that made it, none when a run made it.
CREATE TABLE mask (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    -- Object and mask point to each other, so one of them is written first.
    object_id INTEGER NOT NULL REFERENCES object (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    edit_id INTEGER REFERENCES edit (id),
    parent_id INTEGER REFERENCES object (id) ON DELETE SET NULL,
    x INTEGER NOT NULL,
    y INTEGER NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    area INTEGER NOT NULL,
    touches INTEGER NOT NULL,
    n_inner INTEGER NOT NULL,
    sha256 BLOB NOT NULL,
    png BLOB NOT NULL
) STRICT;
CREATE INDEX mask_object ON mask (object_id);
CREATE INDEX mask_parent ON mask (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX mask_edit ON mask (edit_id) WHERE edit_id IS NOT NULL;

-- One row a mask; a real column is added for every measured column.
CREATE TABLE measurement (
    mask_id INTEGER PRIMARY KEY REFERENCES mask (id) ON DELETE CASCADE
) STRICT;

CREATE TABLE measure_column (
    name TEXT PRIMARY KEY,
    unit TEXT NOT NULL,
    title TEXT NOT NULL,
    definition TEXT NOT NULL,
    source TEXT NOT NULL,
    node TEXT NOT NULL,
    position INTEGER NOT NULL
) STRICT;

-- One object's value in one slot of a node.
CREATE TABLE facet (
    id INTEGER PRIMARY KEY,
    node_id INTEGER NOT NULL REFERENCES node (id),
    object_id INTEGER NOT NULL REFERENCES object (id) ON DELETE CASCADE,
    slot TEXT NOT NULL,
    meta TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(meta)),
    UNIQUE (object_id, node_id, slot)
) STRICT;

-- Pixels of a facet: a file of the project (root_id is null), a file below an import root, or bytes here.
CREATE TABLE image_data (
    id INTEGER PRIMARY KEY,
    facet_id INTEGER NOT NULL UNIQUE REFERENCES facet (id) ON DELETE CASCADE,
    root_id INTEGER REFERENCES import_root (id),
    url TEXT CHECK (url NOT LIKE '/%'),
    data BLOB,
    page INTEGER NOT NULL DEFAULT 0,
    axes TEXT NOT NULL DEFAULT 'yxc',
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    channels INTEGER NOT NULL,
    bits INTEGER NOT NULL,
    format TEXT NOT NULL,
    orientation INTEGER NOT NULL DEFAULT 1,
    pixel_size_um REAL,
    pixel_size_source TEXT,
    sha256 TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    CHECK ((url IS NULL) <> (data IS NULL))
) STRICT;
CREATE INDEX image_data_sha256 ON image_data (sha256, page);

CREATE TABLE image (
    object_id INTEGER PRIMARY KEY REFERENCES object (id) ON DELETE CASCADE,
    original_id INTEGER NOT NULL REFERENCES image_data (id),
    name TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('new', 'ready', 'processed', 'failed')),
    error TEXT,
    -- Derived: deleted and built again at any time, so without checksum.
    pyramid TEXT CHECK (pyramid NOT LIKE '/%'),
    revision INTEGER NOT NULL DEFAULT 0,
    removed_at INTEGER
) STRICT;
CREATE INDEX image_name ON image (name, object_id);
CREATE INDEX image_original ON image (original_id);

CREATE TABLE metadata (
    object_id INTEGER NOT NULL REFERENCES object (id) ON DELETE CASCADE,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    source TEXT NOT NULL,
    PRIMARY KEY (object_id, key)
) STRICT, WITHOUT ROWID;

-- What a run of a node on an image was computed from.
CREATE TABLE result (
    image_id INTEGER NOT NULL REFERENCES object (id) ON DELETE CASCADE,
    node_id INTEGER NOT NULL REFERENCES node (id),
    run_key TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (image_id, node_id)
) STRICT, WITHOUT ROWID;

-- History of one image: done entries, then undone ones; superseded ones never come back. Rows are never deleted.
CREATE TABLE edit (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    image_id INTEGER NOT NULL REFERENCES object (id) ON DELETE CASCADE,
    operation TEXT NOT NULL,
    request TEXT NOT NULL CHECK (json_valid(request)),
    summary TEXT NOT NULL,
    by TEXT NOT NULL,
    at INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('done', 'undone', 'superseded'))
) STRICT;
CREATE INDEX edit_image ON edit (image_id, state, id);

-- The objects of an edit before and after; no mask means not active.
CREATE TABLE edit_change (
    edit_id INTEGER NOT NULL REFERENCES edit (id) ON DELETE CASCADE,
    object_id INTEGER NOT NULL REFERENCES object (id) ON DELETE CASCADE,
    mask_before INTEGER REFERENCES mask (id),
    mask_after INTEGER REFERENCES mask (id),
    PRIMARY KEY (edit_id, object_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX edit_change_object ON edit_change (object_id);
CREATE INDEX edit_change_before ON edit_change (mask_before) WHERE mask_before IS NOT NULL;
CREATE INDEX edit_change_after ON edit_change (mask_after) WHERE mask_after IS NOT NULL;

CREATE TABLE job (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    type TEXT NOT NULL,
    parameters TEXT NOT NULL CHECK (json_valid(parameters)),
    state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled')),
    done INTEGER NOT NULL DEFAULT 0,
    total INTEGER NOT NULL DEFAULT 0,
    message TEXT NOT NULL DEFAULT '',
    attempt INTEGER NOT NULL DEFAULT 0,
    -- The process that works on it; another process's lease is void, because only one has the project open.
    lease TEXT,
    cancel_requested INTEGER NOT NULL DEFAULT 0 CHECK (cancel_requested IN (0, 1)),
    by TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    started_at INTEGER,
    finished_at INTEGER,
    error TEXT,
    result TEXT CHECK (result IS NULL OR json_valid(result)),
    checkpoint TEXT
) STRICT;
CREATE INDEX job_state ON job (state, id);

CREATE TABLE job_log (
    id INTEGER PRIMARY KEY,
    job_id INTEGER NOT NULL REFERENCES job (id) ON DELETE CASCADE,
    at INTEGER NOT NULL,
    line TEXT NOT NULL
) STRICT;
CREATE INDEX job_log_job ON job_log (job_id, id);

CREATE TABLE audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    by TEXT NOT NULL,
    object_id INTEGER,
    field TEXT NOT NULL,
    before TEXT,
    after TEXT
) STRICT;
