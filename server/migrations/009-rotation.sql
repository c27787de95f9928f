-- Where the far side makes the value, a rotation is prepared before it has a candidate. And an operator may say of a
-- rotation that gives way that the far side is right as it is.
alter table rotation add column prepared integer not null default 0;
alter table rotation add column accepted integer not null default 0;
update rotation set prepared = 1 where candidate is not null;
