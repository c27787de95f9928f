-- How people sign in, and what is remembered so that nothing can be used twice.

-- A password that a person chose: its argon2id hash, sealed to the person.
create table user_password (
  principal text primary key references principal (object_id) on delete cascade,
  sealed bytea not null,
  changed bigint not null
);

-- A person signed in to an application. Tokens rest on it, and end with it.
create table session (
  id text primary key,
  principal text not null references principal (object_id) on delete cascade,
  -- The application, by its application id.
  client text not null,
  created bigint not null,
  ends bigint not null,
  -- That we opened it, just so.
  proof bytea not null
);
create index session_of on session (principal);
create index session_ends on session (ends);

-- Random words that were handed out, and assertions that were taken: known by a digest, what they stand for sealed to it.
create table ticket (id text primary key, kind text not null, sealed bytea not null, ends bigint not null);
create index ticket_ends on ticket (ends);

-- Applications by which people may sign in, and where their answers may go.
create table sign_in_client (
  principal text primary key references principal (object_id) on delete cascade,
  -- Whether it has no secret: a program on somebody's own machine.
  open integer not null,
  redirects text not null,
  proof bytea not null
);

-- Attempts that failed, by whom and from where (both as digests), and until when the next one isn't looked at.
create table failed_sign_in (
  subject text primary key,
  failures integer not null,
  last bigint not null,
  until bigint not null
);
create index failed_sign_in_last on failed_sign_in (last);
