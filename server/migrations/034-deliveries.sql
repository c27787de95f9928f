-- What waits is found apart from what was given up, and each by what is asked of it: else every round of deliveries looks
-- through all that has piled up.
drop index event_delivery_due;
drop index event_delivery_number;
-- By subscription: what is due, what comes first in the journal; of all, what has waited for long.
create index event_delivery_due on event_delivery (subscription, due, number) where dead is null;
create index event_delivery_first on event_delivery (subscription, number) where dead is null;
create index event_delivery_late on event_delivery (published) where dead is null;
-- By subscription: the oldest, and since when.
create index event_delivery_dead on event_delivery (subscription, number) where dead is not null;
create index event_delivery_since on event_delivery (subscription, attempted) where dead is not null;
