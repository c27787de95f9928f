-- Which version an operator's going back has made: a human who publishes the old value again says nothing of the newer.
alter table rotation add column returned_version text;
