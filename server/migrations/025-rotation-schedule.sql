-- When a rotation may begin, beside its interval: before expiry, by cron, in windows and out of blackouts, as JSON; null
-- where only the interval says it.
alter table rotation_policy add column schedule text;
--postgres alter table rotation_policy alter column name_key type text collate "C";

-- One rehearsal of each bound secret at most: the last one. Its seed is what makes the throw-away twin, sealed, so that
-- whoever goes on with a rehearsal that was torn off takes away the very twin that it had made.
create table rotation_rehearsal (
  vault text not null,
  name_key text not null,
  id text not null,
  provider text not null,
  binding text not null,
  asked bigint not null,
  -- Null: it isn't over.
  ended bigint,
  seed bytea,
  checks text,
  primary key (vault, name_key)
);
