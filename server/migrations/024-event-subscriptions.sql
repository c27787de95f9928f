-- Who outside is told of what, and what waits to be told.

create table event_subscription (
  id text primary key,
  -- The resource id that it listens to, and all below.
  scope text not null,
  name text not null,
  -- Scope and name without case: a name is given once at each scope.
  id_key text not null unique,
  state text not null,
  -- What keeps it from its work, in words.
  trouble text,
  -- Whether its address has proven itself once, so that events are kept for it.
  proven integer not null,
  -- Filter, schema, retries: what may be shown. JSON.
  terms text not null,
  -- The address and what goes with it, sealed to this row; null for the receiver that the settings name.
  sealed bytea,
  -- Until when the handshake may be answered.
  answer_until bigint,
  created bigint not null,
  updated bigint not null
);

create table event_delivery (
  subscription text not null,
  event text not null,
  -- The journal's number, in whose order they go.
  number bigint not null,
  -- The vault or store, and the thing in it.
  scope text not null,
  resource text not null,
  -- A CloudEvent, as JSON.
  body text not null,
  -- From when its life is counted: when it happened, or when somebody had it sent again.
  published bigint not null,
  due bigint not null,
  attempt integer not null,
  attempted bigint,
  -- What became of the last attempt, and why there is no other one; null while it waits.
  outcome text,
  dead text,
  primary key (subscription, event)
);
create index event_delivery_due on event_delivery (subscription, due);
create index event_delivery_number on event_delivery (number);

-- What the one receiver of old hadn't taken yet: it is a subscription like any other now.
insert into event_delivery (subscription, event, number, scope, resource, body, published, due, attempt)
select 'settings', cast(o.sequence as text), o.sequence, coalesce(c.scope, '/'), coalesce(c.resource, '/'), o.event,
  coalesce(c.at, o.due), o.due, o.attempt
from outbox o left join change c on c.sequence = o.sequence;
drop table outbox;

-- Which events about the end of a version were raised: each once for a version and an expiry date.
create table expiry_notice (
  vault text not null,
  name_key text not null,
  version text not null,
  type text not null,
  expires bigint not null,
  primary key (vault, name_key, version, type, expires)
);

-- Secrets in use that will expire are waited for from now on. What has expired before is nobody's news.
insert into due (kind, subject, at, fence, owner, lease_until, attempt)
select 'secret-expiry', s.vault || '/' || s.name_key, v.expires - 2592000000, 1, null, null, 0
from secret s
join secret_version v on v.vault = s.vault and v.name_key = s.name_key and v.version = s.version
where s.deleted is null and v.enabled = 1
--sqlite  and v.expires > cast(strftime('%s', 'now') as integer) * 1000;
--postgres  and v.expires > cast(extract(epoch from now()) * 1000 as bigint);
