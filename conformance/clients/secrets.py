"""Debian's Python SDK with the environment alone: what a first lesson on Key Vault does with a secret. Prints what it saw."""
import json
import os
from datetime import datetime, timezone

from azure.identity import DefaultAzureCredential
from azure.keyvault.secrets import SecretClient

from refusal import refusal

client = SecretClient(vault_url=os.environ["AZURE_KEYVAULT_URL"], credential=DefaultAzureCredential())
seen = {}

first = client.set_secret("openai-api-key", "sk-abc123")
seen["set"] = first.value
second = client.set_secret("openai-api-key", "sk-abc123", enabled=True, expires_on=datetime(2026, 12, 31, tzinfo=timezone.utc))
seen["expires"] = second.properties.expires_on.isoformat()
seen["get"] = client.get_secret("openai-api-key").value
seen["specific"] = client.get_secret("openai-api-key", version=first.properties.version).value
seen["versions"] = sorted(v.enabled for v in client.list_properties_of_secret_versions("openai-api-key"))
client.update_secret_properties("openai-api-key", enabled=False)
seen["disabled"] = refusal(lambda: client.get_secret("openai-api-key"))
seen["names"] = [p.name for p in client.list_properties_of_secrets()]
client.begin_delete_secret("openai-api-key").result()
seen["gone"] = refusal(lambda: client.get_secret("openai-api-key"))
client.begin_recover_deleted_secret("openai-api-key").wait()
client.begin_delete_secret("openai-api-key").result()
seen["deleted"] = [p.name for p in client.list_deleted_secrets()]
client.purge_deleted_secret("openai-api-key")
seen["purged"] = refusal(lambda: client.get_deleted_secret("openai-api-key"))
print(json.dumps(seen))
