from azure.appconfiguration.provider import load
from azure.identity import DefaultAzureCredential
config = load(
    endpoint="https://mystore.azconfig.io",
    credential=DefaultAzureCredential(),
    refresh_on=[WatchKey("sentinel")],
    refresh_interval=30
)
# Read values like a dict
model = config["OpenAI:Model"]
endpoint = config["OpenAI:Endpoint"]
# Key Vault reference — SDK resolves automatically
api_key = config["OpenAI:ApiKey"] # stored as KV ref
