-- What is due is found by kind, and what somebody holds apart from what nobody does: all workers of a node look at once,
-- after every commit. Not by the end of the lease: a holder who stays on it would move through an index each time.
create index due_free on due (kind, at) where owner is null;
create index due_held on due (kind) where owner is not null;
drop index due_at;
