from azure.identity import DefaultAzureCredential
from azure.keyvault.secrets import SecretClient
client = SecretClient(
    vault_url="https://myvault.vault.azure.net",
    credential=DefaultAzureCredential())
# Get latest version
api_key = client.get_secret("openai-api-key").value
# Cache to avoid throttling
import time; _cache = {}
def get_secret(name):
    c = _cache.get(name)
    if c and time.time() - c["t"] < 300: return c["v"]
    v = client.get_secret(name).value
    _cache[name] = {"v": v, "t": time.time()}; return v
