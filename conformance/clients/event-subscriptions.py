"""Event subscriptions with Azure's own management client for Event Grid, as az uses it. Prints what it saw."""

import json
import sys

from azure.core.exceptions import HttpResponseError
from azure.identity import DefaultAzureCredential
from azure.mgmt.eventgrid import EventGridManagementClient
from azure.mgmt.eventgrid.models import (
    EventSubscription,
    EventSubscriptionFilter,
    EventSubscriptionUpdateParameters,
    RetryPolicy,
    StaticDeliveryAttributeMapping,
    StringContainsAdvancedFilter,
    WebHookEventSubscriptionDestination,
)

subscription, vault, hook = sys.argv[1:4]
base = "https://management.cardea.internal"
client = EventGridManagementClient(
    DefaultAzureCredential(), subscription, base_url=base, credential_scopes=[f"{base}/.default"]
)
of = client.event_subscriptions
seen = {}

made = of.begin_create_or_update(
    vault,
    "rotate",
    EventSubscription(
        destination=WebHookEventSubscriptionDestination(
            endpoint_url=hook,
            delivery_attribute_mappings=[
                StaticDeliveryAttributeMapping(name="x-key", value="h1dden", is_secret=True)
            ],
        ),
        filter=EventSubscriptionFilter(
            included_event_types=["Microsoft.KeyVault.SecretNearExpiry"],
            subject_begins_with="db",
            subject_ends_with="db",
            advanced_filters=[StringContainsAdvancedFilter(key="data.ObjectName", values=["d", "e"])],
        ),
        retry_policy=RetryPolicy(max_delivery_attempts=5, event_time_to_live_in_minutes=60),
        labels=["a", "b"],
    ),
).result()
seen["made"] = [made.name, made.type, made.topic, made.provisioning_state, made.filter.included_event_types]
seen["terms"] = [
    made.retry_policy.max_delivery_attempts,
    made.retry_policy.event_time_to_live_in_minutes,
    made.filter.advanced_filters[0].values,
    made.event_delivery_schema,
]
shown = of.get(vault, "rotate")
seen["shown"] = [
    shown.destination.endpoint_url,
    shown.destination.endpoint_base_url,
    shown.destination.delivery_attribute_mappings[0].value,
]
seen["url"] = of.get_full_url(vault, "rotate").endpoint_url
seen["secret"] = of.get_delivery_attributes(vault, "rotate").value[0].value
shown.filter.subject_begins_with = "orders"
# As az does: what was shown goes back whole.
changed = of.begin_update(
    vault,
    "rotate",
    EventSubscriptionUpdateParameters(
        destination=shown.destination, filter=shown.filter, retry_policy=shown.retry_policy
    ),
).result()
seen["changed"] = [changed.filter.subject_begins_with, changed.provisioning_state]
seen["still"] = of.get_full_url(vault, "rotate").endpoint_url
parts = vault.split("/")
seen["listed"] = [one.name for one in of.list_by_resource(parts[4], parts[6], parts[7], parts[8])]
seen["everywhere"] = [one.name for one in of.list_global_by_subscription()]
seen["inGroup"] = [one.name for one in of.list_global_by_resource_group(parts[4])]
try:
    of.begin_create_or_update(
        vault,
        "wrong",
        EventSubscription(
            destination=WebHookEventSubscriptionDestination(endpoint_url=f"{hook}&wrong")
        ),
    ).result()
except HttpResponseError as refused:
    seen["wrong"] = refused.message
of.begin_delete(vault, "rotate").result()
try:
    of.get(vault, "rotate")
except HttpResponseError as refused:
    seen["gone"] = refused.status_code
print(json.dumps(seen))
