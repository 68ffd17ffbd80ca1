-- The last runs of an image without edits, each with what replaced it: going back through these changes shows its objects again. Edited
-- images need none: there a run is an entry of the history. Objects and masks named here stay until the run is forgotten.
CREATE TABLE former_run (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    image_id INTEGER NOT NULL REFERENCES object (id) ON DELETE CASCADE,
    node_id INTEGER NOT NULL REFERENCES node (id),
    run_key TEXT NOT NULL,
    -- When it had run, not when it was replaced.
    at INTEGER NOT NULL,
    -- Regions of the whole image before it was replaced.
    objects INTEGER NOT NULL
) STRICT;
CREATE INDEX former_run_image ON former_run (image_id, id);

-- No mask means not active.
CREATE TABLE former_run_change (
    run_id INTEGER NOT NULL REFERENCES former_run (id) ON DELETE CASCADE,
    object_id INTEGER NOT NULL REFERENCES object (id) ON DELETE CASCADE,
    mask_before INTEGER REFERENCES mask (id),
    mask_after INTEGER REFERENCES mask (id),
    PRIMARY KEY (run_id, object_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX former_run_change_object ON former_run_change (object_id);
CREATE INDEX former_run_change_before ON former_run_change (mask_before) WHERE mask_before IS NOT NULL;
CREATE INDEX former_run_change_after ON former_run_change (mask_after) WHERE mask_after IS NOT NULL;
