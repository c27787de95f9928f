"""Azure's ManagedIdentityCredential in Python, with the environment alone: the machine, then an identity by each of its names."""
import json
import os
import sys

from azure.core.exceptions import AzureError
from azure.identity import ManagedIdentityCredential
from azure.keyvault.secrets import SecretClient

client_id, object_id, resource_id = sys.argv[1:]
credentials = {
    "machine": ManagedIdentityCredential(),
    "client": ManagedIdentityCredential(client_id=client_id),
    "object": ManagedIdentityCredential(identity_config={"object_id": object_id}),
    "resource": ManagedIdentityCredential(identity_config={"msi_res_id": resource_id}),
}
seen = {}
for name, credential in credentials.items():
    try:
        seen[name] = SecretClient(os.environ["AZURE_KEYVAULT_URL"], credential).get_secret("proof").value
    except AzureError as error:
        seen[name] = getattr(error, "status_code", None) or f"{type(error).__name__}: {error.message}"
print(json.dumps(seen))
