-- The part of an image that counts, as a person drew it: GeoJSON in image pixels. Null leaves it to the pipeline.
ALTER TABLE image ADD COLUMN area TEXT CHECK (area IS NULL OR json_valid(area));
