-- The directory: applications and what stands for them, people and groups, managed identities.

-- People are known by a name of their own, compared without case. What else was told of somebody is kept as JSON.
alter table principal add column upn text;
alter table principal add column upn_key text;
alter table principal add column details text not null default '{}';
create unique index principal_upn on principal (upn_key);

-- An application as it is registered; the service principal that acts for it, once there is one.
create table application (
  id text primary key,
  app_id text not null unique,
  name text not null,
  details text not null,
  principal text unique references principal (object_id),
  -- That we joined the two: what proves the application then proves the principal.
  proof bytea,
  created bigint not null
);
-- The URIs by which an application is known; each belongs to one.
create table application_uri (
  uri text primary key,
  application text not null references application (id)
);
create index application_uri_of on application_uri (application);
create table application_owner (
  application text not null references application (id),
  owner text not null references principal (object_id),
  primary key (application, owner)
);
create index application_owner_by on application_owner (owner);

-- The Azure resource that a managed identity is.
create table managed_identity (
  principal text primary key references principal (object_id),
  resource_id text not null,
  resource_key text not null unique,
  location text not null,
  tags text not null
);

-- Belonging to a group decides rights, so each row bears a proof.
drop table membership;
create table membership (
  container text not null references principal (object_id),
  member text not null references principal (object_id),
  -- That we made it, just so.
  proof bytea not null,
  primary key (container, member)
);
create index membership_of on membership (member);

-- Credentials are held by service principals and by applications: the column names either.
create table credential_held (
  id text primary key,
  principal text not null,
  kind text not null,
  name text not null,
  digest bytea not null,
  certificate text,
  starts bigint not null,
  ends bigint not null
);
insert into credential_held select id, principal, kind, name, digest, certificate, starts, ends from credential;
drop table credential;
alter table credential_held rename to credential;
create index credential_of on credential (principal);
drop table federated_credential;
create table federated_credential (
  id text primary key,
  principal text not null,
  name text not null,
  name_key text not null,
  issuer text not null,
  subject text not null,
  audiences text not null,
  description text not null,
  -- That we made it, just so.
  proof bytea not null,
  unique (principal, name_key)
);
-- One foreign identity proves a holder in one way.
create unique index federated_identity on federated_credential (principal, issuer, subject);

--postgres alter table principal alter column object_id type text collate "C";
--postgres alter table application alter column id type text collate "C";
--postgres alter table managed_identity alter column resource_key type text collate "C";
