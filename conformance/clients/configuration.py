"""Debian's Python SDK for App Configuration: every public method of its client and of its provider. Prints what it saw."""
import json
import os
import time
from datetime import datetime, timezone

from azure.appconfiguration import (
    AzureAppConfigurationClient,
    ConfigurationSetting,
    FeatureFlagConfigurationSetting,
    ResourceReadOnlyError,
    SecretReferenceConfigurationSetting,
)
from azure.appconfiguration.provider import AzureAppConfigurationProvider, SettingSelector
from azure.core import MatchConditions
from azure.core.exceptions import (
    HttpResponseError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)
from azure.identity import DefaultAzureCredential

connection = os.environ["AZURE_APPCONFIG_CONNECTION_STRING"]
endpoint = os.environ["AZURE_APPCONFIG_ENDPOINT"]


unused = set()


def watch(kind):
    """Notes each public method of a class as unused until it is called."""

    def noting(name, value):
        def deed(*given, **named):
            unused.discard("%s.%s" % (kind.__name__, name))
            return value(*given, **named)

        return deed

    for name in [name for name in dir(kind) if not name.startswith("_")]:
        unused.add("%s.%s" % (kind.__name__, name))
        value = kind.__dict__[name] if name in kind.__dict__ else getattr(kind, name)
        if isinstance(value, (classmethod, staticmethod)):
            setattr(kind, name, staticmethod(noting(name, getattr(kind, name))))
        else:
            setattr(kind, name, noting(name, value))


for kind in (AzureAppConfigurationClient, AzureAppConfigurationProvider):
    watch(kind)


def failing(error, deed):
    try:
        deed()
    except error as caught:
        return caught.status_code
    return "nothing failed"


def uses_all(client, prefix):
    seen = {}
    key = prefix + "/a b/ü:x*"
    added = client.add_configuration_setting(
        ConfigurationSetting(key=key, label="l", value="one", content_type="text/plain", tags={"t": "1"})
    )
    seen["added"] = [added.key == key, added.label, added.value, added.content_type, added.tags, added.read_only]
    seen["again"] = failing(ResourceExistsError, lambda: client.add_configuration_setting(added))
    got = client.get_configuration_setting(key=key, label="l")
    seen["same"] = got.etag == added.etag
    unchanged = client.get_configuration_setting(
        key=key, label="l", etag=got.etag, match_condition=MatchConditions.IfModified
    )
    seen["not modified"] = unchanged is None
    seen["missing"] = failing(ResourceNotFoundError, lambda: client.get_configuration_setting(key=key))
    before = datetime.now(timezone.utc)
    time.sleep(1.1)
    got.value = "two"
    changed = client.set_configuration_setting(got, match_condition=MatchConditions.IfNotModified)
    seen["changed"] = [changed.value, changed.etag != added.etag]
    stale = ConfigurationSetting(key=key, label="l", value="three", etag=added.etag)
    seen["stale"] = failing(
        ResourceModifiedError,
        lambda: client.set_configuration_setting(stale, match_condition=MatchConditions.IfNotModified),
    )
    past = client.get_configuration_setting(
        key=key, label="l", accept_datetime=before.strftime("%Y-%m-%dT%H:%M:%SZ")
    )
    seen["past"] = past.value
    locked = client.set_read_only(changed)
    seen["locked"] = locked.read_only
    seen["refused"] = failing(ResourceReadOnlyError, lambda: client.set_configuration_setting(locked))
    seen["refused to delete"] = failing(ResourceReadOnlyError, lambda: client.delete_configuration_setting(key, "l"))
    seen["unlocked"] = client.set_read_only(locked, False).read_only
    for number in range(120):
        client.set_configuration_setting(ConfigurationSetting(key="%s/page/%03d" % (prefix, number), value="v"))
    page = "%s/page/*" % prefix
    # Not with a label filter of "\0": this SDK signs the next link decoded, and sends it encoded (with any server).
    seen["listed"] = len(list(client.list_configuration_settings(key_filter=page)))
    seen["no label"] = len(
        list(client.list_configuration_settings(key_filter=prefix + "/page/00*", label_filter="\0"))
    )
    seen["fields"] = [
        [s.key is not None, s.value is None]
        for s in client.list_configuration_settings(key_filter=prefix + "/page/00*", fields=["key"])
    ][:1]
    # The Python client follows a link without the instant that it travelled to.
    now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    time.sleep(1.1)
    for number in range(0, 120, 10):
        client.delete_configuration_setting("%s/page/%03d" % (prefix, number))
    seen["listed then"] = len(list(client.list_configuration_settings(key_filter=page, accept_datetime=now)))
    seen["listed now"] = len(list(client.list_configuration_settings(key_filter=page)))
    seen["bad filter"] = failing(HttpResponseError, lambda: list(client.list_configuration_settings(key_filter="*x*")))
    escaped = prefix + "/a b/ü:x\\*"
    seen["revisions"] = [
        [s.value, s.read_only] for s in client.list_revisions(key_filter=escaped, label_filter="l")
    ]
    seen["no condition"] = client.delete_configuration_setting(key="none") is None
    flag = client.set_configuration_setting(FeatureFlagConfigurationSetting(prefix + "-flag", enabled=True))
    seen["flag"] = [client.get_configuration_setting(flag.key).enabled, flag.content_type]
    reference = client.set_configuration_setting(
        SecretReferenceConfigurationSetting(
            key=prefix + "/secret", secret_id="https://demo.vault.cardea.internal/secrets/none"
        )
    )
    seen["reference"] = client.get_configuration_setting(reference.key).secret_id
    client.update_sync_token("cardea=MTA=;sn=10")
    seen["deleted"] = client.delete_configuration_setting(
        key=key, label="l", etag=changed.etag, match_condition=MatchConditions.Unconditionally
    ).value
    client.close()
    return seen


seen = {
    "key": uses_all(AzureAppConfigurationClient.from_connection_string(connection), "key"),
    "token": uses_all(AzureAppConfigurationClient(endpoint, DefaultAzureCredential()), "token"),
}
with AzureAppConfigurationClient.from_connection_string(connection) as writer:
    for name, value, label, kind in [
        ("py/name", "shop", None, None),
        ("py/name", "shop of dev", "dev", None),
        ("py/limits", '{"max": 3}', None, "application/json"),
    ]:
        writer.set_configuration_setting(ConfigurationSetting(key=name, value=value, label=label, content_type=kind))
provider = AzureAppConfigurationProvider.load(
    connection_string=connection,
    selects=[SettingSelector("py/*"), SettingSelector("py/*", "dev")],
    trimmed_key_prefixes=["py/"],
)
seen["provider"] = {
    "keys": sorted(provider.keys()),
    "values": len(list(provider.values())),
    "copy": provider.copy(),
    "name": provider["name"],
}
seen["unused"] = sorted(unused)
print(json.dumps(seen))
