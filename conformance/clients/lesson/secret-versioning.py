# List all versions of a secret
versions = list(client.list_properties_of_secret_versions("openai-api-key"))
for v in versions:
    print(v.version, v.enabled, v.expires_on)
