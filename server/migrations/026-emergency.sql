-- Secrets that are made of others. What they are made of is sealed to the secret; the parts beside it are how a change of
-- one finds those that are made of it, and grant nothing.
create table derivation (
  vault text not null,
  name_key text not null,
  sealed bytea not null,
  trouble text,
  primary key (vault, name_key)
);
create table derivation_part (
  vault text not null,
  part_key text not null,
  name_key text not null,
  primary key (vault, part_key, name_key)
);
create index derivation_part_of on derivation_part (vault, name_key);

-- Which versions of other secrets are in a version, however deep: who runs on it, or has read it, has met those.
create table derived_version (
  vault text not null,
  name_key text not null,
  version text not null,
  part_key text not null,
  part_version text not null,
  primary key (vault, name_key, version, part_key)
);
create index derived_version_of on derived_version (vault, part_key);

-- An incident: who may have learned what, and what has been done about it. Who called it and what is to be rotated is
-- sealed; how far it has come stands beside it.
create table incident (
  id text primary key,
  scope text not null,
  sealed bytea not null,
  progress text not null,
  started bigint not null,
  ended bigint
);
create index incident_by_time on incident (started);
