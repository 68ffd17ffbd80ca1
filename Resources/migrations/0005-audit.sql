-- What was changed together is one step, which can be taken back; where a value came from comes back with it.
ALTER TABLE audit ADD COLUMN step INTEGER;
ALTER TABLE audit ADD COLUMN source_before TEXT;
CREATE INDEX audit_step ON audit (step) WHERE step IS NOT NULL;
