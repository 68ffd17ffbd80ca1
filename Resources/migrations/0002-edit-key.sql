-- Outcomes of requests that carried a key, so that one that is sent again, because its answer was lost, is not done twice, not even
-- after a restart. request: hash of what was asked, which tells a repetition from a second use of the key.
CREATE TABLE edit_key (
    key TEXT PRIMARY KEY,
    request TEXT NOT NULL,
    image_id INTEGER NOT NULL REFERENCES object (id) ON DELETE CASCADE,
    outcome TEXT NOT NULL CHECK (json_valid(outcome))
) STRICT, WITHOUT ROWID;
CREATE INDEX edit_key_image ON edit_key (image_id);
