-- The secret that a setting points at whose change is told to the setting's readers: only those hear of it who may read the secret.
alter table change add column target text;
