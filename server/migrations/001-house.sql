-- The house as it was founded. One file for both engines: `bytea` and `bigint` are read alike by both, and lines that
-- begin with `--postgres` or `--sqlite` are run by that engine only. Times are milliseconds since 1970; yes and no are 1 and 0.

-- What moves with every turn: who may do what (epoch), and the change journal (sequence).
create table head (epoch bigint not null, sequence bigint not null);
insert into head (epoch, sequence) values (1, 0);

create table installation (
  one integer primary key check (one = 1),
  tenant text not null,
  subscription text not null,
  domain text not null,
  root_check bytea not null,
  created bigint not null
);

-- Keys that seal, each sealed by the root key.
create table sealing_key (id text primary key, sealed bytea not null, created bigint not null);

-- Who exists.
create table principal (
  object_id text primary key,
  -- Null for people and groups.
  app_id text unique,
  name text not null,
  kind text not null,
  enabled integer not null,
  created bigint not null
);
-- Who belongs to a group: principals, and other groups.
create table membership (
  container text not null references principal (object_id),
  member text not null references principal (object_id),
  primary key (container, member)
);
create index membership_of on membership (member);
-- Tokens of other issuers that prove a principal: exactly this issuer, subject and audience.
create table federated_credential (
  id text primary key,
  principal text not null references principal (object_id),
  name text not null,
  issuer text not null,
  subject text not null,
  audiences text not null,
  description text not null,
  -- That we made it, just so.
  proof bytea not null,
  unique (principal, name)
);
create table credential (
  id text primary key,
  principal text not null references principal (object_id),
  kind text not null,
  name text not null,
  digest bytea not null,
  certificate text,
  starts bigint not null,
  ends bigint not null
);
create index credential_of on credential (principal);
create table signing_key (
  kid text primary key,
  public_jwk text not null,
  sealed bytea not null,
  created bigint not null,
  signs_from bigint not null,
  retires bigint not null
);

-- Who may do what, where.
create table role_assignment (
  id text primary key,
  principal text not null,
  role text not null,
  scope text not null,
  scope_key text not null,
  -- That we assigned it, just so: a row that is changed or added by hand grants nothing.
  proof bytea not null,
  created bigint not null,
  unique (principal, role, scope_key)
);

create table vault (
  name text primary key,
  resource_id text not null unique,
  location text not null,
  retention_days integer not null,
  purge_protection integer not null,
  created bigint not null
);
create table store (name text primary key, resource_id text not null unique, location text not null, created bigint not null);
create table access_key (
  id text primary key,
  store text not null references store (name),
  -- The store's resource id: the key may act there and nowhere else.
  scope text not null,
  name text not null,
  sealed bytea not null,
  read_only integer not null,
  created bigint not null
);

-- A secret's head row points at its latest version, so that the hot read touches two rows by key.
create table secret (
  vault text not null,
  name_key text not null,
  name text not null,
  version text not null,
  deleted bigint,
  purge bigint,
  primary key (vault, name_key)
);
create table secret_version (
  vault text not null,
  name_key text not null,
  version text not null,
  sealed bytea not null,
  content_type text,
  tags text not null,
  enabled integer not null,
  not_before bigint,
  expires bigint,
  created bigint not null,
  updated bigint not null,
  previous text,
  rotation text unique,
  primary key (vault, name_key, version)
);

create table setting (
  store text not null,
  key text not null,
  label text not null,
  etag text not null,
  sealed bytea,
  content_type text,
  tags text not null,
  description text,
  locked integer not null,
  modified bigint not null,
  primary key (store, key, label)
);
-- Which settings point at which secret: a change of the secret is a change of each of them. `scope` is the store's
-- resource id; `version` is there when the reference is pinned to one version.
create table reference (
  store text not null,
  key text not null,
  label text not null,
  scope text not null,
  vault text not null,
  secret_key text not null,
  version text,
  primary key (store, key, label)
);
create index reference_to on reference (vault, secret_key);

-- The change journal, and the events that wait to be carried out of the house.
create table change (
  sequence bigint primary key,
  at bigint not null,
  type text not null,
  scope text not null,
  resource text not null,
  name text not null,
  version text,
  label text
);
create index change_in on change (scope, sequence);
create table outbox (
  sequence bigint primary key,
  event text not null,
  due bigint not null,
  attempt integer not null
);
create index outbox_due on outbox (due);

-- The journal of deeds: who did or tried what. One row keeps the entries of one turn, as a JSON list of lists, linked to
-- the row before it in its series (a process and a connection). A link that is changed, moved or missing shows.
create table audit_series (
  writer text primary key,
  began bigint not null,
  -- The key that proves the links of this series, sealed by the root key.
  key bytea not null,
  -- The last number that a checkpoint has seen.
  checked bigint not null
);
create table audit_turn (
  writer text not null,
  first bigint not null,
  last bigint not null,
  at bigint not null,
  entries text not null,
  link bytea not null,
  proof bytea not null,
  primary key (writer, first)
);
create index audit_turn_at on audit_turn (at);
-- Signed from time to time: how far each series had come. Numbered, and each bears the hash of the one before it.
create table audit_signer (one integer primary key check (one = 1), public_key text not null, sealed bytea not null);
create table audit_checkpoint (number bigint primary key, body text not null, signature bytea not null);
create view audit as
select t.writer,
--sqlite  t.first + e.key as number,
--postgres  t.first + e.position - 1 as number,
  t.at,
  e.value ->> 0 as operation,
  e.value ->> 1 as resource,
  e.value ->> 2 as caller,
  e.value ->> 3 as app_id,
  e.value ->> 4 as outcome,
  e.value ->> 5 as address,
  e.value ->> 6 as correlation,
  e.value ->> 7 as agent
--sqlite from audit_turn t, json_each(t.entries) e;
--postgres from audit_turn t cross join lateral json_array_elements(t.entries::json) with ordinality e (value, position);

-- What is to be done when: claimed by lease, guarded by a fence that grows with each claim.
create table due (
  kind text not null,
  subject text not null,
  at bigint not null,
  fence bigint not null,
  owner text,
  lease_until bigint,
  attempt integer not null,
  primary key (kind, subject)
);
create index due_at on due (at);

create table rotation_policy (
  vault text not null,
  name_key text not null,
  provider text not null,
  binding text not null,
  interval_ms bigint,
  grace_ms bigint not null,
  scrub integer not null,
  next bigint,
  primary key (vault, name_key)
);
create table rotation (
  id text primary key,
  vault text not null,
  name_key text not null,
  -- The same as name_key while the rotation is open, else null: so no secret has two open rotations.
  open_key text,
  provider text not null,
  binding text not null,
  scrub integer not null,
  -- The version that was current when it was prepared; null: there was none, or it isn't prepared yet.
  base_version text,
  state text not null,
  reason text not null,
  attempt integer not null,
  started bigint not null,
  entered bigint not null,
  next bigint not null,
  gives_up bigint not null,
  -- The proposed value and the one it replaces, sealed to this row; both are forgotten when the rotation ends.
  candidate bytea,
  previous bytea,
  slot text,
  old_slot text,
  new_version text,
  published bigint,
  grace_until bigint,
  quiet_until bigint,
  last_error text,
  unique (vault, open_key)
);
create index rotation_of on rotation (vault, name_key, started);

-- What each running application says it runs on.
create table consumer (
  vault text not null,
  secret_key text not null,
  instance text not null,
  application text not null,
  principal text not null,
  version text not null,
  seen bigint not null,
  primary key (vault, secret_key, principal, instance)
);

-- Keys are ordered by their bytes on both engines.
--postgres alter table secret alter column name_key type text collate "C";
--postgres alter table secret_version alter column name_key type text collate "C";
--postgres alter table secret_version alter column version type text collate "C";
--postgres alter table setting alter column key type text collate "C";
--postgres alter table setting alter column label type text collate "C";
