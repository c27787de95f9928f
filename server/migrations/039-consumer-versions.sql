-- An instance may run on several versions of one secret at once, while it switches: the old one lags until the last has gone.
create table consumer_version (
  vault text not null,
  secret_key text not null,
  instance text not null,
  application text not null,
  principal text not null,
  version text not null,
  seen bigint not null,
  primary key (vault, secret_key, principal, instance, version)
);
insert into consumer_version (vault, secret_key, instance, application, principal, version, seen)
select vault, secret_key, instance, application, principal, version, seen from consumer;
drop table consumer;
alter table consumer_version rename to consumer;
