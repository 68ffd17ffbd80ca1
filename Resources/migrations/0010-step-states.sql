-- By step, of what its last result on this image was made; a step of equal state need not run again.
ALTER TABLE image ADD COLUMN states TEXT CHECK (states IS NULL OR json_valid(states));
