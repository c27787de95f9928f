-- What holds vaults and stores: resource groups and locks; and what vaults and stores are besides their data.
create table resource_group (
  -- The name in lower case: ids are compared so.
  name_key text primary key,
  name text not null,
  location text not null,
  tags text not null,
  created bigint not null
);
insert into resource_group (name_key, name, location, tags, created)
  select 'demo', 'demo', 'local', '{}', created from installation;

create table resource_lock (
  -- Scope and name in lower case.
  id_key text primary key,
  -- The scope as its resource spells it; '/' for all there is.
  scope text not null,
  name text not null,
  level text not null,
  notes text not null,
  created bigint not null
);

-- By which model rights are given on the data of a vault or store; without a row, by roles alone.
create table permission_model (
  scope_key text primary key,
  kind text not null,
  -- While the resource is deleted nobody has a right on what is in it.
  closed integer not null,
  policies text not null,
  -- That we wrote it, just so: a row that is changed by hand grants nothing.
  proof bytea not null
);

-- One row for a name, live or deleted: so a name is taken until its purge. Each founding has a sealing key of its own,
-- and what nothing else depends on lies together in `profile`.
alter table vault add column sealing_key text not null default '';
alter table vault add column group_key text not null default 'demo';
alter table vault add column tags text not null default '{}';
alter table vault add column profile text not null default '{}';
alter table vault add column updated bigint not null default 0;
alter table vault add column deleted bigint;
alter table vault add column purge bigint;
update vault set sealing_key = 'vault/' || name, updated = created;
create index vault_in on vault (group_key);

alter table store add column sealing_key text not null default '';
alter table store add column group_key text not null default 'demo';
alter table store add column retention_days integer not null default 7;
alter table store add column purge_protection integer not null default 0;
alter table store add column tags text not null default '{}';
alter table store add column profile text not null default '{}';
alter table store add column updated bigint not null default 0;
alter table store add column deleted bigint;
alter table store add column purge bigint;
update store set sealing_key = 'store/' || name, updated = created;
create index store_in on store (group_key);
create index access_key_of on access_key (store);
