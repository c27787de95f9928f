"""Debian's Python configuration provider: a setting whose value lives in the vault. Prints what it saw."""
import json
import os

from azure.appconfiguration.provider import (
    AzureAppConfigurationKeyVaultOptions,
    AzureAppConfigurationProvider,
)
from azure.identity import DefaultAzureCredential

credential = DefaultAzureCredential()
config = AzureAppConfigurationProvider.load(
    endpoint=os.environ["AZURE_APPCONFIG_ENDPOINT"],
    credential=credential,
    key_vault_options=AzureAppConfigurationKeyVaultOptions(credential=credential),
)
print(json.dumps({"greeting": config["App:Greeting"], "plain": config["App:Plain"]}))
