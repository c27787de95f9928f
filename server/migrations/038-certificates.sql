-- Certificates: names with their versions, as keys and secrets are kept. A version's chain, the policy of a name, what is under way
-- with it (with a private key that is to be certified), and what is known of issuers and contacts are sealed to their places.
create table certificate (
  vault text not null,
  name_key text not null,
  name text not null,
  version text not null,
  deleted bigint,
  purge bigint,
  settling text,
  primary key (vault, name_key)
);
create table certificate_version (
  vault text not null,
  name_key text not null,
  version text not null,
  sealed bytea not null,
  -- For lists. Null while the first version of a name is still to be issued.
  thumbprint text,
  tags text not null,
  enabled integer not null,
  not_before bigint,
  expires bigint,
  created bigint not null,
  updated bigint not null,
  primary key (vault, name_key, version)
);
create table certificate_policy (
  vault text not null,
  name_key text not null,
  sealed bytea not null,
  primary key (vault, name_key)
);
create table certificate_operation (
  vault text not null,
  name_key text not null,
  sealed bytea not null,
  primary key (vault, name_key)
);
create table certificate_issuer (
  vault text not null,
  name_key text not null,
  name text not null,
  sealed bytea not null,
  primary key (vault, name_key)
);
create table certificate_contacts (
  vault text not null,
  sealed bytea not null,
  primary key (vault)
);

-- A certificate's key and secret have its name, and it alone changes them.
alter table secret add column managed integer not null default 0;
alter table vault_key add column managed integer not null default 0;
