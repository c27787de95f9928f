-- How many bytes a store's settings, their history and its snapshots take: kept with each of them, since to count them anew
-- would take as long as the store is large.
create table store_space (
  store text primary key,
  bytes bigint not null
);
insert into store_space (store, bytes)
select store, sum(bytes) from (
  select store, octet_length(key) + octet_length(label) + octet_length(tags) + coalesce(octet_length(sealed), 0)
    + coalesce(octet_length(content_type), 0) + coalesce(octet_length(description), 0) as bytes from setting
  union all
  select store, octet_length(key) + octet_length(label) + octet_length(tags) + coalesce(octet_length(sealed), 0)
    + coalesce(octet_length(content_type), 0) + coalesce(octet_length(description), 0) as bytes from setting_revision
  union all
  select store, octet_length(key) + octet_length(label) + octet_length(tags) + coalesce(octet_length(sealed), 0)
    + coalesce(octet_length(content_type), 0) + coalesce(octet_length(description), 0) as bytes from snapshot_item
) as kept group by store;
