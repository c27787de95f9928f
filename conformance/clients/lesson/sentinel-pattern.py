# SDK watches sentinel, refreshes all config on change
config = load(
    endpoint="https://mystore.azconfig.io",
    credential=DefaultAzureCredential(),
    refresh_on=[WatchKey("sentinel")],
    refresh_interval=30
)
