client.set_secret("openai-api-key", "sk-abc123") # Create/update
client.set_secret("openai-api-key", "sk-abc123", # Set properties
    enabled=True, expires_on=datetime(2026, 12, 31, tzinfo=timezone.utc))
# Disable (deactivate) without deleting
client.update_secret_properties("openai-api-key", enabled=False)
# Delete (soft delete — goes to deleted state, not permanently gone)
client.begin_delete_secret("openai-api-key").result()
# Purge permanently (only after deletion, if purge protection disabled)
client.purge_deleted_secret("openai-api-key")
