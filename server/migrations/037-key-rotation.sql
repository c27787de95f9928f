-- When a key gets its next version by itself, and when its end is told. It decides what keys there are, so it is sealed to its
-- place as a key is: one that was written or moved by hand opens nowhere.
create table key_rotation_policy (
  vault text not null,
  name_key text not null,
  sealed bytea not null,
  primary key (vault, name_key)
);

-- A key's end is told as a secret's is; one of each may have the same name.
alter table expiry_notice add column kind text not null default 'secret';

-- Keys in use that will expire are waited for from now on. What has expired before is nobody's news.
insert into due (kind, subject, at, fence, owner, lease_until, attempt)
select 'key-expiry', k.vault || '/' || k.name_key, v.expires - 2592000000, 1, null, null, 0
from vault_key k
join vault_key_version v on v.vault = k.vault and v.name_key = k.name_key and v.version = k.version
where k.deleted is null and v.enabled = 1
--sqlite  and v.expires > cast(strftime('%s', 'now') as integer) * 1000;
--postgres  and v.expires > cast(extract(epoch from now()) * 1000 as bigint);
