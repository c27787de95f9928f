-- Since when consumers have been heard without a break, and when one was heard last: nobody is gone who could say nothing.
create table consumers_heard (
  one integer primary key,
  since bigint not null,
  last bigint not null
);
