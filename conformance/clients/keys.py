"""Debian's Python SDK of keys with the environment alone. What it can, it computes by itself: so it judges the vault. Prints what it saw."""
import hashlib
import json
import os

from azure.identity import DefaultAzureCredential
from azure.keyvault.keys import (
    KeyClient,
    KeyCurveName,
    KeyRotationLifetimeAction,
    KeyRotationPolicy,
    KeyRotationPolicyAction,
)
from azure.keyvault.keys.crypto import CryptographyClient, EncryptionAlgorithm, KeyWrapAlgorithm, SignatureAlgorithm

from refusal import refusal

credential = DefaultAzureCredential()
client = KeyClient(vault_url=os.environ["AZURE_KEYVAULT_URL"], credential=credential)
seen = {}

rsa = client.create_rsa_key("py-rsa", size=3072, tags={"a": "1"})
seen["rsa"] = [rsa.key_type, rsa.key_operations, len(rsa.key.n), rsa.key.e.hex(), rsa.properties.tags]
use = CryptographyClient(rsa, credential)
seen["decrypted"] = []
for algorithm in (EncryptionAlgorithm.rsa1_5, EncryptionAlgorithm.rsa_oaep, EncryptionAlgorithm.rsa_oaep_256):
    ciphertext = use.encrypt(algorithm, b"well kept").ciphertext
    seen["decrypted"].append(use.decrypt(algorithm, ciphertext).plaintext.decode())
wrapped = use.wrap_key(KeyWrapAlgorithm.rsa_oaep_256, b"k" * 32)
seen["unwrapped"] = use.unwrap_key(KeyWrapAlgorithm.rsa_oaep_256, wrapped.encrypted_key).key == b"k" * 32
seen["signed"] = {}
for algorithm in ("RS256", "RS512", "PS256", "PS384"):
    digest = hashlib.new("sha" + algorithm[2:], b"what is signed").digest()
    signature = use.sign(SignatureAlgorithm(algorithm), digest).signature
    seen["signed"][algorithm] = use.verify(SignatureAlgorithm(algorithm), digest, signature).is_valid
for curve, algorithm in (("P-256", "ES256"), ("P-256K", "ES256K"), ("P-384", "ES384"), ("P-521", "ES512")):
    key = client.create_ec_key("py-ec-" + curve, curve=KeyCurveName(curve))
    one = CryptographyClient(key, credential)
    digest = hashlib.new("sha" + algorithm[2:5], b"what is signed").digest()
    signature = one.sign(SignatureAlgorithm(algorithm), digest).signature
    seen["signed"][algorithm] = one.verify(SignatureAlgorithm(algorithm), digest, signature).is_valid

second = client.create_rsa_key("py-rsa", size=2048)
seen["latest"] = client.get_key("py-rsa").properties.version == second.properties.version
seen["byVersion"] = client.get_key("py-rsa", rsa.properties.version).id == rsa.id
seen["versions"] = [one.enabled for one in client.list_properties_of_key_versions("py-rsa")]
seen["listed"] = sorted(one.name for one in client.list_properties_of_keys() if one.name.startswith("py-"))
changed = client.update_key_properties("py-rsa", enabled=False, tags={"b": "2"})
seen["changed"] = [changed.properties.enabled, changed.properties.tags]
seen["disabled"] = refusal(lambda: CryptographyClient(second, credential).sign(SignatureAlgorithm.rs256, b"d" * 32))
backup = client.backup_key("py-rsa")
client.begin_delete_key("py-rsa").result()
seen["gone"] = refusal(lambda: client.get_key("py-rsa"))
client.begin_recover_deleted_key("py-rsa").wait()
client.begin_delete_key("py-rsa").result()
seen["deleted"] = [one.name for one in client.list_deleted_keys() if one.name.startswith("py-")]
client.purge_deleted_key("py-rsa")
seen["purged"] = refusal(lambda: client.get_deleted_key("py-rsa"))
client.restore_key_backup(backup)
old = CryptographyClient(client.get_key("py-rsa", rsa.properties.version), credential)
seen["restored"] = old.decrypt(EncryptionAlgorithm.rsa_oaep, CryptographyClient(rsa, credential).encrypt(EncryptionAlgorithm.rsa_oaep, b"before").ciphertext).plaintext.decode()
rotated = client.rotate_key("py-ec-P-384")
seen["rotated"] = [rotated.key.crv, client.get_key("py-ec-P-384").id == rotated.id]
actions = [
    KeyRotationLifetimeAction(KeyRotationPolicyAction.rotate, time_after_create="P90D"),
    KeyRotationLifetimeAction(KeyRotationPolicyAction.notify, time_before_expiry="P10D"),
]
client.update_key_rotation_policy("py-ec-P-384", KeyRotationPolicy(), lifetime_actions=actions, expires_in="P120D")
policy = client.get_key_rotation_policy("py-ec-P-384")
shown = [f"{a.action.value if hasattr(a.action, 'value') else a.action} {a.time_after_create or a.time_before_expiry}" for a in policy.lifetime_actions]
seen["policy"] = [policy.expires_in, shown]
print(json.dumps(seen))
