-- Programs that run under somebody's care, and the identity that each may have of its own.
create table workload (
  resource_key text primary key,
  resource_id text not null,
  location text not null,
  tags text not null,
  -- Its system-assigned identity, if it has one: it comes and goes with the workload.
  principal text unique references principal (object_id),
  -- That we gave it this one: programs of the workload become whoever stands here.
  proof bytea,
  created bigint not null,
  updated bigint not null
);

--postgres alter table workload alter column resource_key type text collate "C";
