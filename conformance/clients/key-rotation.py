"""The rotation of keys with Debian's Python SDK, as its documentation shows it. Prints what it saw."""
import json
import os

from azure.identity import DefaultAzureCredential
from azure.keyvault.keys import KeyClient, KeyRotationLifetimeAction, KeyRotationPolicy, KeyRotationPolicyAction

client = KeyClient(vault_url=os.environ["AZURE_KEYVAULT_URL"], credential=DefaultAzureCredential())
seen = {}


def shown(policy):
    actions = [[one.action, one.time_after_create, one.time_before_expiry] for one in policy.lifetime_actions]
    return [policy.expires_in, actions]


key = client.create_rsa_key("rotated-by-python")
seen["byDefault"] = shown(client.get_key_rotation_policy(key.name))
actions = [KeyRotationLifetimeAction(KeyRotationPolicyAction.rotate, time_after_create="P2M")]
policy = client.update_key_rotation_policy(key.name, KeyRotationPolicy(), lifetime_actions=actions)
seen["set"] = shown(policy)
# What was told is sent back, with one thing more.
seen["more"] = shown(client.update_key_rotation_policy(key.name, policy, expires_in="P90D"))
seen["same"] = shown(client.get_key_rotation_policy(key.name))
rotated = client.rotate_key(key.name)
seen["rotated"] = [
    rotated.properties.version != key.properties.version,
    rotated.key_type,
    (rotated.properties.expires_on - rotated.properties.created_on).days,
]
print(json.dumps(seen))
