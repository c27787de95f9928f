-- What was answered and isn't to be seen yet, where the service's own delays are reproduced: deleting, recovering or
-- purging. Null nearly always.
alter table secret add column settling text;
