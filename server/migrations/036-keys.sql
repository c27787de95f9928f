-- Keys: names with their versions, as secrets are kept. What a version holds (its public part, what it may be used for, and
-- its private part or what only the hardware module can unwrap) is sealed to its place as a whole.
create table vault_key (
  vault text not null,
  name_key text not null,
  name text not null,
  version text not null,
  deleted bigint,
  purge bigint,
  settling text,
  primary key (vault, name_key)
);
create table vault_key_version (
  vault text not null,
  name_key text not null,
  version text not null,
  sealed bytea not null,
  tags text not null,
  enabled integer not null,
  not_before bigint,
  expires bigint,
  created bigint not null,
  updated bigint not null,
  primary key (vault, name_key, version)
);
