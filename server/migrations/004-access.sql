-- Roles of one's own, and what an assignment says beside who, what and where.

alter table role_assignment add column kind text;
alter table role_assignment add column description text;
alter table role_assignment add column condition text;
alter table role_assignment add column created_by text;
alter table role_assignment add column updated bigint;
alter table role_assignment add column updated_by text;
create index role_assignment_at on role_assignment (scope_key);
create index role_assignment_of on role_assignment (role);

create table role_definition (
  id text primary key,
  name text not null,
  -- The name as names are compared: no two roles differ by case or by the form of their letters.
  name_key text not null unique,
  description text not null,
  -- JSON: actions, notActions, dataActions, notDataActions.
  lists text not null,
  -- JSON: the scopes at and below which it may be assigned.
  scopes text not null,
  -- That we made it, just so: a row that is changed or added by hand allows nothing.
  proof bytea not null,
  created bigint not null,
  created_by text not null,
  updated bigint not null,
  updated_by text not null
);

--postgres alter table role_assignment alter column scope_key type text collate "C";
