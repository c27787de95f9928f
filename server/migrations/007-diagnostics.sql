-- What watches over the house: who read what last, and alert rules.

-- How far each series of the journal is gathered into `reading`.
create table gathered (writer text primary key, number bigint not null);
-- Who read which version of a secret when last, and how often.
create table reading (
  -- The resource id of the secret, in lower case.
  secret text not null,
  version text not null,
  caller text not null,
  app_id text not null,
  at bigint not null,
  address text not null,
  times bigint not null,
  primary key (secret, version, caller)
);

create table alert_rule (
  id text primary key,
  -- The resource id at and below which it watches, as it was spelled, and in lower case.
  scope text not null,
  scope_key text not null,
  name text not null,
  name_key text not null,
  watch text not null,
  threshold bigint not null,
  within_ms bigint not null,
  pause_ms bigint not null,
  -- Who is told, sealed: the address of a web hook may be a credential.
  sealed bytea not null,
  -- The last time that somebody was told, and what kept it from being told since, if anything did.
  told bigint,
  trouble text,
  created bigint not null,
  unique (scope_key, name_key)
);
-- What a rule has found and told already: so long as it lasts it isn't news.
create table alert_finding (
  rule text not null references alert_rule (id),
  subject text not null,
  told bigint not null,
  primary key (rule, subject)
);
