-- What was let through of each vault and store lately, on all nodes together, where requests are counted.
create table quota_spent (
  subject text not null,
  -- A stretch of time, by its number since 1970.
  slot bigint not null,
  spent bigint not null,
  primary key (subject, slot)
);

-- It is worth nothing after a crash: counting begins anew.
--postgres alter table quota_spent set unlogged;
