-- Files of outlines or masks that lie beside images, as they were brought in; the name is how people know it, with its folders.
CREATE TABLE companion (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL CHECK (kind IN ('picture', 'geojson', 'coco')),
    root_id INTEGER REFERENCES import_root (id),
    url TEXT NOT NULL CHECK (url NOT LIKE '/%'),
    sha256 TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    added_at INTEGER NOT NULL
) STRICT;

-- Content that was drawn as objects of an image already: brought in again, nothing is drawn twice.
CREATE TABLE companion_use (
    image_id INTEGER NOT NULL REFERENCES object (id) ON DELETE CASCADE,
    sha256 TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (image_id, sha256)
) STRICT, WITHOUT ROWID;

-- Of an image: which of these files speak of it, as a list of [id, name, kind, sha256]. Null: none.
ALTER TABLE image ADD COLUMN companions TEXT CHECK (companions IS NULL OR json_valid(companions));
