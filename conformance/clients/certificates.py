"""Debian's Python SDK of certificates with the environment alone. OpenSSL, by another library, judges what the vault issues. Prints what it saw."""
import base64
import datetime
import json
import os
import socket
import ssl
import tempfile
import threading

from azure.identity import DefaultAzureCredential
from azure.keyvault.certificates import (
    AdministratorContact,
    CertificateClient,
    CertificateContact,
    CertificateContentType,
    CertificatePolicy,
    KeyType,
    LifetimeAction,
    CertificatePolicyAction,
    WellKnownIssuerNames,
)
from azure.keyvault.secrets import SecretClient
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs12

from refusal import refusal

credential = DefaultAzureCredential()
url = os.environ["AZURE_KEYVAULT_URL"]
client = CertificateClient(vault_url=url, credential=credential)
secrets = SecretClient(vault_url=url, credential=credential)
seen = {}
quick = {"_polling_interval": 0.1}


def policy(**more):
    given = {
        "issuer_name": WellKnownIssuerNames.self,
        "subject": "CN=localhost",
        "san_dns_names": ["localhost"],
        "validity_in_months": 6,
        "lifetime_actions": [LifetimeAction(CertificatePolicyAction.auto_renew, days_before_expiry=30)],
    }
    return CertificatePolicy(**{**given, **more})


web = client.begin_create_certificate("py-web", policy=policy(), tags={"a": "1"}, **quick).result()
leaf = x509.load_der_x509_certificate(bytes(web.cer))
san = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
seen["web"] = [
    web.name,
    leaf.subject.rfc4514_string(),
    leaf.issuer == leaf.subject,
    san.get_values_for_type(x509.DNSName),
    [extension.oid._name for extension in leaf.extensions],
    leaf.fingerprint(hashes.SHA1()) == bytes(web.properties.x509_thumbprint),
    web.policy.validity_in_months,
    web.policy.lifetime_actions[0].days_before_expiry,
    web.properties.tags,
]
operation = client.get_certificate_operation("py-web")
seen["operation"] = [operation.status, operation.issuer_name, operation.target.split("/certificates/")[1]]

pfx = secrets.get_secret("py-web")
key, chain_leaf, _ = pkcs12.load_key_and_certificates(base64.b64decode(pfx.value), None)
seen["pfx"] = [chain_leaf == leaf, key.public_key().public_numbers() == leaf.public_key().public_numbers(), pfx.properties.content_type, pfx.properties.managed]

pem = client.begin_create_certificate(
    "py-pem", policy=policy(content_type=CertificateContentType.pem, key_type=KeyType.ec, key_curve_name="P-256"), **quick
).result()
with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
    file.write(secrets.get_secret("py-pem").value)
    file.flush()
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(file.name)
listener = socket.create_server(("127.0.0.1", 0))


def serve():
    with serving.wrap_socket(listener.accept()[0], server_side=True) as talk:
        talk.sendall(b"hello")


threading.Thread(target=serve, daemon=True).start()
trusting = ssl.create_default_context(cadata=ssl.DER_cert_to_PEM_cert(bytes(pem.cer)))
with trusting.wrap_socket(socket.create_connection(listener.getsockname()), server_hostname="localhost") as talk:
    seen["tls"] = talk.recv(5).decode()

# An authority of one's own, whose certificates this client encodes twice if it is given base64.
authority = ec.generate_private_key(ec.SECP256R1())
name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Own authority")])
now = datetime.datetime.utcnow()


def signed(subject, public_key, extensions=()):
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(name).public_key(public_key)
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now)
    builder = builder.not_valid_after(now + datetime.timedelta(days=9))
    for extension in extensions:
        builder = builder.add_extension(extension.value, extension.critical)
    return builder.sign(authority, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


root = signed(name, authority.public_key())
seen["merged"] = []
for certificate, given in (("py-merged", lambda der: der), ("py-merged-twice", base64.b64encode)):
    # Nobody waits for an issuer that nobody knows: there is no result, only the operation.
    client.begin_create_certificate(
        certificate,
        policy=policy(
            issuer_name=WellKnownIssuerNames.unknown,
            lifetime_actions=[LifetimeAction(CertificatePolicyAction.email_contacts, lifetime_percentage=80)],
        ),
        **quick,
    )
    waiting = client.get_certificate_operation(certificate)
    request = x509.load_der_x509_csr(bytes(waiting.csr))
    der = signed(request.subject, request.public_key(), request.extensions)
    merged = client.merge_certificate(certificate, [given(der), given(root)])
    _, mine, others = pkcs12.load_key_and_certificates(base64.b64decode(secrets.get_secret(certificate).value), None)
    seen["merged"].append(
        [waiting.status, request.is_signature_valid, bytes(merged.cer) == der, len(others), merged.properties.enabled]
    )

client.begin_create_certificate("py-cancelled", policy=policy(issuer_name="Unknown"), **quick)
cancelled = client.cancel_certificate_operation("py-cancelled")
seen["cancelled"] = [cancelled.status, cancelled.cancellation_requested]
client.delete_certificate_operation("py-cancelled")
seen["noOperation"] = refusal(lambda: client.get_certificate_operation("py-cancelled"))

own_key = ec.generate_private_key(ec.SECP384R1())
own = signed(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "own")]), own_key.public_key())
bundle = pkcs12.serialize_key_and_certificates(
    b"own", own_key, x509.load_der_x509_certificate(own), [x509.load_der_x509_certificate(root)],
    serialization.BestAvailableEncryption(b"p"),
)
imported = client.import_certificate("py-own", bundle, password="p")
seen["imported"] = [bytes(imported.cer) == own, imported.policy.key_type, imported.policy.key_curve_name, imported.policy.subject]
seen["wrongPassword"] = refusal(lambda: client.import_certificate("py-own", bundle, password="q"))
text = own_key.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
) + ssl.DER_cert_to_PEM_cert(own).encode()
client.import_certificate("py-own", text, policy=CertificatePolicy(issuer_name="Unknown", content_type="application/x-pem-file"))
seen["importedPem"] = secrets.get_secret("py-own").value.count("BEGIN")

client.begin_create_certificate("py-web", policy=policy(), **quick).result()
seen["versions"] = [one.enabled for one in client.list_properties_of_certificate_versions("py-web")]
seen["byVersion"] = client.get_certificate_version("py-web", web.properties.version).id == web.id
seen["listed"] = sorted(one.name for one in client.list_properties_of_certificates() if one.name.startswith("py-"))
changed = client.update_certificate_properties("py-web", enabled=False, tags={"b": "2"})
seen["changed"] = [changed.properties.enabled, changed.properties.tags, refusal(lambda: secrets.get_secret("py-web"))]
client.update_certificate_properties("py-web", enabled=True)
seen["policy"] = client.update_certificate_policy("py-web", policy(validity_in_months=24)).validity_in_months
backup = client.backup_certificate("py-web")
client.begin_delete_certificate("py-web", **quick).result()
seen["gone"] = [refusal(lambda: client.get_certificate("py-web")), refusal(lambda: secrets.get_secret("py-web"))]
client.begin_recover_deleted_certificate("py-web", **quick).wait()
client.begin_delete_certificate("py-web", **quick).result()
seen["deleted"] = [one.name for one in client.list_deleted_certificates() if one.name.startswith("py-")]
client.purge_deleted_certificate("py-web")
seen["purged"] = refusal(lambda: client.get_deleted_certificate("py-web"))
client.restore_certificate_backup(backup)
seen["restored"] = client.get_certificate_version("py-web", web.properties.version).id == web.id

client.create_issuer(
    "py-issuer", "Test", account_id="account", password="p",
    admin_contacts=[AdministratorContact(first_name="F", last_name="L", email="f@example.org", phone="2")],
)
issuer = client.get_issuer("py-issuer")
seen["issuer"] = [issuer.provider, issuer.account_id, issuer.admin_contacts[0].email, issuer.password]
seen["issuers"] = [one.name for one in client.list_properties_of_issuers() if one.name.startswith("py-")]
client.delete_issuer("py-issuer")
seen["noIssuer"] = refusal(lambda: client.get_issuer("py-issuer"))
client.set_contacts([CertificateContact(email="a@example.org", name="A", phone="1")])
seen["contacts"] = [one.email for one in client.get_contacts()]
client.delete_contacts()
seen["noContacts"] = refusal(client.get_contacts)
print(json.dumps(seen))
