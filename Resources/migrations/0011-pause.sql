-- A paused job waits until a person lets it go on, also over restarts; a running one stops after the images it is working on.
ALTER TABLE job ADD COLUMN paused INTEGER NOT NULL DEFAULT 0 CHECK (paused IN (0, 1));
-- The next job is all that is ever looked for by state.
DROP INDEX job_state;
CREATE INDEX job_waiting ON job (id) WHERE state = 'queued' AND paused = 0;
