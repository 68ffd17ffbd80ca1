-- Images that a step of the pipeline made of others (a mosaic): of what, and of which group. Null: brought in from outside.
ALTER TABLE image ADD COLUMN made TEXT CHECK (made IS NULL OR json_valid(made));
-- By step, the key of the files that it made of this image's whole group (a background) before working on the image.
ALTER TABLE image ADD COLUMN prepared TEXT CHECK (prepared IS NULL OR json_valid(prepared));
