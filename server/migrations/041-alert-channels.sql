-- Mail and web hook of a rule each keep for themselves what they have told: one that fails holds up no other, and what was told
-- by the other isn't told again.
create table alert_channel (
  rule text not null references alert_rule (id),
  -- mail or webhook.
  channel text not null,
  -- The last time that something was told, and what kept it from being told since, if anything did.
  told bigint,
  trouble text,
  -- How often it has failed since, and until when it is left alone.
  attempt bigint not null,
  again bigint not null,
  primary key (rule, channel)
);
-- What a rule has found and told by an channel already: so long as it lasts it isn't news.
create table alert_told (
  rule text not null references alert_rule (id),
  channel text not null,
  subject text not null,
  told bigint not null,
  primary key (rule, channel, subject)
);
-- Whom a rule tells is sealed: it may have each of them.
insert into alert_channel select id, 'mail', told, trouble, 0, 0 from alert_rule;
insert into alert_channel select id, 'webhook', told, trouble, 0, 0 from alert_rule;
insert into alert_told select rule, 'mail', subject, told from alert_finding;
insert into alert_told select rule, 'webhook', subject, told from alert_finding;
drop table alert_finding;
alter table alert_rule drop column told;
alter table alert_rule drop column trouble;
