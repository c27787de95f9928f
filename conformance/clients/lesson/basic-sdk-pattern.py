from azure.identity import DefaultAzureCredential
from azure.keyvault.secrets import SecretClient
credential = DefaultAzureCredential() # Managed identity in prod, az CLI locally
client = SecretClient(
    vault_url="https://myvault.vault.azure.net",
    credential=credential
)
# Get latest version of a secret
secret = client.get_secret("openai-api-key")
api_key = secret.value
# Get a specific version
specific = client.get_secret("openai-api-key", version="abc123...")
