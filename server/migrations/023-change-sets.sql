-- Several settings changed at once: what was asked for, what it did, and what was there before.
create table change_set (
  store text not null,
  id text not null,
  created bigint not null,
  -- When it was over: applied, cancelled or failed; null while it waits. Only for forgetting what is old.
  ended bigint,
  -- State, creator and times, sealed: a row that is changed by hand applies nothing, and in nobody's name.
  profile bytea not null,
  -- The changes, or the steps that they became, sealed.
  content bytea not null,
  primary key (store, id)
);
create index change_set_created on change_set (store, created, id);
create index change_set_ended on change_set (store, ended);

-- Each store says for how long it is kept what settings were.
drop index setting_revision_closed;
create index setting_revision_closed on setting_revision (store, closed);
