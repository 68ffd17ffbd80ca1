-- What tells a repeated request, after a lost answer, from a second step of labelling. Kept with the step: steps are never deleted while they can be undone.
ALTER TABLE label_batch ADD COLUMN key TEXT;
CREATE UNIQUE INDEX label_batch_key ON label_batch (key) WHERE key IS NOT NULL;
