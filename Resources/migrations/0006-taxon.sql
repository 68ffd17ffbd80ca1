-- EcoTaxa's own number of a category: with it an archive is imported without a question.
ALTER TABLE category ADD COLUMN taxon INTEGER CHECK (taxon > 0);
