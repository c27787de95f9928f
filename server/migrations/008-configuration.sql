-- The history of settings, their tags where they can be looked for, and snapshots.

-- The number in the change journal at which a setting became what it is.
alter table setting add column since bigint not null default 0;
create index setting_labelled on setting (store, label, key);

-- What settings were before: each row held from `since` on, and no longer from `until` on (numbers of the change
-- journal); in time, from `modified` to `closed`. Deletions are ends, not rows.
create table setting_revision (
  store text not null,
  key text not null,
  label text not null,
  since bigint not null,
  until bigint not null,
  closed bigint not null,
  etag text not null,
  sealed bytea,
  content_type text,
  tags text not null,
  description text,
  locked integer not null,
  modified bigint not null,
  primary key (store, key, label, since)
);
create index setting_revision_until on setting_revision (store, until);
create index setting_revision_closed on setting_revision (closed);

-- The tags of settings, of now and of before. A tag may have no value.
create table setting_tag (
  store text not null,
  key text not null,
  label text not null,
  since bigint not null,
  name text not null,
  value text,
  primary key (store, key, label, since, name)
);
create index setting_tagged on setting_tag (store, name, value, key, label, since);
--sqlite insert into setting_tag (store, key, label, since, name, value) select s.store, s.key, s.label, s.since, t.key, t.value from setting s, json_each(s.tags) t;
--postgres insert into setting_tag (store, key, label, since, name, value) select s.store, s.key, s.label, s.since, t.key, t.value from setting s, json_each_text(s.tags::json) t;

-- A snapshot is what chosen settings were at one moment. `sequence` is that moment, in numbers of the change journal;
-- its items are copied, so that they outlive the history.
create table snapshot (
  store text not null,
  name text not null,
  etag text not null,
  status text not null,
  -- Why it failed, if it did.
  error text,
  filters text not null,
  composition text not null,
  retention bigint not null,
  tags text not null,
  description text,
  created bigint not null,
  expires bigint,
  sequence bigint not null,
  -- Who asked for it: the copy is made with the rights of that caller.
  creator text not null,
  creator_app text not null,
  items bigint not null,
  size bigint not null,
  primary key (store, name)
);
create table snapshot_item (
  store text not null,
  snapshot text not null,
  position bigint not null,
  key text not null,
  label text not null,
  since bigint not null,
  etag text not null,
  sealed bytea,
  content_type text,
  tags text not null,
  description text,
  locked integer not null,
  modified bigint not null,
  primary key (store, snapshot, position)
);

--postgres alter table setting_revision alter column key type text collate "C", alter column label type text collate "C";
--postgres alter table setting_tag alter column key type text collate "C", alter column label type text collate "C", alter column name type text collate "C";
--postgres alter table reference alter column key type text collate "C", alter column label type text collate "C";
--postgres alter table snapshot alter column name type text collate "C";

-- What settings were so long ago that nobody may ask for it is forgotten every hour.
insert into due (kind, subject, at, fence, owner, lease_until, attempt) values ('trim-history', 'all', 0, 0, null, null, 0);
