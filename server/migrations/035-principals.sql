-- That we entered a principal, just so: who is of which kind, by which names, and whether switched on. A row without
-- a proof, or with another's, is nobody. Rows from before get theirs at the start that applies this, and at no other.
alter table principal add column proof bytea;
-- That we registered an application under this id, and with what is told of it: where its people's codes are sent.
alter table application add column entered bytea;
-- That we gave the resource this identity: who manages the one manages the other.
alter table managed_identity add column proof bytea;
