from azure.appconfiguration.provider import load
config = load(
    endpoint="https://mystore.azconfig.io",
    credential=DefaultAzureCredential()
)
# Feature flag key format: .appconfig.featureflag/FlagName
semantic_cache_enabled = config.get(
    ".appconfig.featureflag/EnableSemanticCache", False
)
