/** Every method of @azure/keyvault-certificates that a vault serves, as its documentation shows it. Prints what it saw. */
import { spawnSync } from 'node:child_process'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, createServer } from 'node:tls'
import { DefaultAzureCredential } from '@azure/identity'
import { CertificateClient, parseKeyVaultCertificateIdentifier } from '@azure/keyvault-certificates'
import { KeyClient } from '@azure/keyvault-keys'
import { SecretClient } from '@azure/keyvault-secrets'
import { refusal } from './refusal.js'

const credential = new DefaultAzureCredential()
const url = process.env.AZURE_KEYVAULT_URL
const client = new CertificateClient(url, credential)
const secrets = new SecretClient(url, credential)
const keys = new KeyClient(url, credential)
const folder = mkdtempSync(join(tmpdir(), 'cardea-certificates-'))
const file = (name) => join(folder, name)
const openssl = (...words) => {
  const { status, stderr } = spawnSync('openssl', words, { cwd: folder, encoding: 'utf8' })
  if (status !== 0) throw new Error(`openssl ${words.join(' ')}: ${stderr}`)
}
const seen = {}
const pemOf = (cer) => new X509Certificate(Buffer.from(cer)).toString()
const quick = { intervalInMs: 100 }
const usual = {
  issuerName: 'Self',
  subject: 'CN=localhost',
  subjectAlternativeNames: { dnsNames: ['localhost', 'web.example'], emails: ['web@example.org'] },
  validityInMonths: 12,
  lifetimeActions: [{ action: 'AutoRenew', lifetimePercentage: 75 }],
}

/** A TLS server with a certificate, as a client sees it that trusts that one alone. */
const shownBy = (given, ca) =>
  new Promise((resolve, reject) => {
    const server = createServer(given, (socket) => socket.end('hello')).listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', ca }, () => {
        const { fingerprint256 } = socket.getPeerCertificate()
        socket.on('data', (data) => {
          resolve([data.toString(), socket.authorized, fingerprint256])
          server.close()
        })
      })
      socket.on('error', reject)
    })
  })

// A certificate that vouches for itself, and everything that belongs to it.
const creating = await client.beginCreateCertificate('web', usual, { ...quick, tags: { a: '1' } })
const web = await creating.pollUntilDone()
const leaf = new X509Certificate(Buffer.from(web.cer))
const { version } = web.properties
seen.web = {
  name: web.name,
  ids: [web.properties.id, web.keyId, web.secretId].map((id) => id.split('/').slice(3).join('/').replace(version, 'v')),
  ofVersion: parseKeyVaultCertificateIdentifier(web.properties.id).version === version,
  subject: leaf.subject,
  names: leaf.subjectAltName,
  usages: leaf.keyUsage,
  ca: leaf.ca,
  vouches: leaf.verify(leaf.publicKey),
  thumbprint:
    Buffer.from(web.properties.x509Thumbprint).toString('hex') === leaf.fingerprint.replaceAll(':', '').toLowerCase(),
  dates: [
    web.properties.notBefore.getTime() === leaf.validFromDate.getTime(),
    web.properties.expiresOn.getTime() === leaf.validToDate.getTime(),
  ],
  enabled: web.properties.enabled,
  tags: web.properties.tags,
  recovery: [web.properties.recoveryLevel, web.properties.recoverableDays],
}
const { createdOn, updatedOn, ...policy } = web.policy
seen.policy = policy
seen.operation = (await (await client.getCertificateOperation('web', quick)).pollUntilDone()).name

// Its private part is a secret, its key is a key.
const pfx = await secrets.getSecret('web')
const tls = await shownBy({ pfx: Buffer.from(pfx.value, 'base64'), passphrase: '' }, pemOf(web.cer))
seen.tls = [tls[0], tls[1], tls[2] === leaf.fingerprint256]
seen.secret = [pfx.properties.contentType, pfx.properties.managed, pfx.properties.certificateKeyId === web.keyId]
const key = await keys.getKey('web')
seen.key = [key.keyType, key.keyOperations, key.properties.managed, key.properties.version === version]
const digest = Buffer.alloc(32, 7)
const signature = (await keys.getCryptographyClient('web').sign('RS256', digest)).result
seen.signs = (await keys.getCryptographyClient('web').verify('RS256', digest, signature)).result
seen.managed = [
  await refusal(secrets.setSecret('web', 'other')),
  await refusal(secrets.beginDeleteSecret('web')),
  await refusal(secrets.backupSecret('web')),
  await refusal(keys.createRsaKey('web')),
  await refusal(keys.beginDeleteKey('web')),
  await refusal(keys.rotateKey('web')),
]
seen.listedManaged = []
for await (const one of secrets.listPropertiesOfSecrets()) seen.listedManaged.push([one.name, one.managed])
for await (const one of keys.listPropertiesOfKeys()) seen.listedManaged.push([one.name, one.managed])

// Another form: a curve, as PEM, not for others to have.
const curved = await (
  await client.beginCreateCertificate(
    'curved',
    {
      ...usual,
      keyType: 'EC',
      keyCurveName: 'P-384',
      contentType: 'application/x-pem-file',
      keyUsage: ['digitalSignature'],
    },
    quick,
  )
).pollUntilDone()
const pem = (await secrets.getSecret('curved')).value
const curvedTls = await shownBy({ key: pem, cert: pem }, pemOf(curved.cer))
seen.curved = [
  curvedTls[1],
  pem.indexOf('PRIVATE KEY') < pem.indexOf('CERTIFICATE'),
  createPrivateKey(pem).asymmetricKeyDetails.namedCurve,
  (await keys.getKey('curved')).keyOperations,
]
await (
  await client.beginCreateCertificate(
    'closed',
    { ...usual, exportable: false, contentType: 'application/x-pem-file' },
    quick,
  )
).pollUntilDone()
seen.closed = (await secrets.getSecret('closed')).value.match(/-----BEGIN [A-Z ]+-----/g)

// An authority of one's own signs what the vault asks for.
openssl(
  ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', 'ca.key', '-out', 'ca.pem'],
  ...['-subj', '/CN=Own authority', '-days', '30'],
)
await client.beginCreateCertificate('signed', { ...usual, issuerName: 'Unknown' }, quick)
const operation = await client.getCertificateOperation('signed', quick)
const { csr, status, statusDetails } = operation.getOperationState().certificateOperation
seen.underway = [status, statusDetails]
writeFileSync(file('csr.der'), csr)
openssl('req', '-inform', 'der', '-in', 'csr.der', '-verify', '-noout')
seen.placeholder = [
  (await client.getCertificate('signed')).cer ?? 'none',
  (await client.getCertificate('signed')).properties.enabled,
]
seen.hidden = []
for await (const { name } of client.listPropertiesOfCertificates()) seen.hidden.push(name)
seen.pending = []
for await (const { name } of client.listPropertiesOfCertificates({ includePending: true })) seen.pending.push(name)
seen.again = await refusal(client.beginCreateCertificate('signed', usual, quick))
openssl(
  ...['x509', '-req', '-inform', 'der', '-in', 'csr.der', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial'],
  ...['-days', '9', '-copy_extensions', 'copyall', '-out', 'signed.pem'],
)
const ders = ['signed.pem', 'ca.pem'].map((name) => new X509Certificate(readFileSync(file(name))).raw)
seen.foreign = await refusal(client.mergeCertificate('signed', [Buffer.from(web.cer)]))
const merged = await client.mergeCertificate('signed', ders)
const chained = Buffer.from((await secrets.getSecret('signed')).value, 'base64')
const signedTls = await shownBy({ pfx: chained, passphrase: '' }, readFileSync(file('ca.pem')))
seen.merged = [
  merged.name,
  Buffer.from(merged.cer).equals(ders[0]),
  signedTls[1],
  merged.policy.issuerName,
  merged.policy.lifetimeActions,
]

// Cancelled, and given up.
await client.beginCreateCertificate('cancelled', { ...usual, issuerName: 'Unknown' }, quick)
const cancelling = await client.getCertificateOperation('cancelled', quick)
await cancelling.cancelOperation().catch(() => undefined)
const statusOf = async (name) =>
  (await client.getCertificateOperation(name, quick)).getOperationState().certificateOperation.status
while ((await statusOf('cancelled')) === 'inProgress') await new Promise((resolve) => setTimeout(resolve, 50))
seen.cancelled = (await client.deleteCertificateOperation('cancelled')).status
seen.noOperation = await refusal(client.deleteCertificateOperation('cancelled'))

// What was made elsewhere.
openssl(
  ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'own.key'],
  ...[
    '-out',
    'own.pem',
    '-subj',
    '/O=Example/CN=own.example',
    '-addext',
    'subjectAltName=DNS:own.example',
    '-days',
    '90',
  ],
)
openssl('pkcs12', '-export', '-in', 'own.pem', '-inkey', 'own.key', '-passout', 'pass:p', '-out', 'own.pfx')
const own = new X509Certificate(readFileSync(file('own.pem')))
const imported = await client.importCertificate('own', readFileSync(file('own.pfx')), { password: 'p' })
seen.imported = [
  Buffer.from(imported.cer).equals(own.raw),
  imported.policy.subject,
  imported.policy.subjectAlternativeNames,
  imported.policy.issuerName,
  imported.policy.keyType,
  imported.policy.keyCurveName,
  imported.policy.validityInMonths,
  (await secrets.getSecret('own')).properties.contentType,
]
seen.wrongPassword = await refusal(client.importCertificate('own', readFileSync(file('own.pfx')), { password: 'q' }))
const text = `${readFileSync(file('own.key'))}${readFileSync(file('own.pem'))}`
const asPem = await client.importCertificate('own', Buffer.from(text), {
  policy: { contentType: 'application/x-pem-file', issuerName: 'Unknown' },
})
const secretOfPem = await secrets.getSecret('own')
seen.importedPem = [
  asPem.properties.version !== imported.properties.version,
  secretOfPem.properties.contentType,
  createPrivateKey(secretOfPem.value).asymmetricKeyDetails.namedCurve,
]
const roundTrip = await client.importCertificate('copy', Buffer.from(pfx.value, 'base64'))
seen.roundTrip = Buffer.from(roundTrip.cer).equals(Buffer.from(web.cer))

// Versions, properties and the policy.
const second = await (await client.beginCreateCertificate('web', usual, quick)).pollUntilDone()
seen.versions = []
for await (const one of client.listPropertiesOfCertificateVersions('web')) seen.versions.push([one.name, one.enabled])
seen.byVersion = (await client.getCertificateVersion('web', version)).properties.id === web.properties.id
const changed = await client.updateCertificateProperties('web', second.properties.version, {
  enabled: false,
  tags: { b: '2' },
})
seen.changed = [changed.properties.enabled, changed.properties.tags, await refusal(secrets.getSecret('web'))]
await client.updateCertificateProperties('web', second.properties.version, { enabled: true })
// This client doesn't look at the answer.
await client.updateCertificatePolicy('web', { ...usual, validityInMonths: 24 })
seen.updated = (await client.getCertificatePolicy('web')).validityInMonths

// Gone and back.
const backup = await client.backupCertificate('web')
const deleting = await client.beginDeleteCertificate('web', quick)
seen.recoveryId = (await deleting.pollUntilDone()).recoveryId
seen.gone = [
  await refusal(client.getCertificate('web')),
  await refusal(secrets.getSecret('web')),
  await refusal(keys.getKey('web')),
]
seen.taken = await refusal(client.beginCreateCertificate('web', usual, quick))
seen.deleted = (await client.getDeletedCertificate('web')).name
seen.listedDeleted = []
for await (const { name } of client.listDeletedCertificates()) seen.listedDeleted.push(name)
await (await client.beginRecoverDeletedCertificate('web', quick)).pollUntilDone()
seen.recovered = [
  (await client.getCertificate('web')).properties.id === second.properties.id,
  (await secrets.getSecret('web')).name,
]
seen.conflict = await refusal(client.restoreCertificateBackup(backup))
await (await client.beginDeleteCertificate('web', quick)).pollUntilDone()
await client.purgeDeletedCertificate('web')
seen.purged = await refusal(client.getDeletedCertificate('web'))
const restored = await client.restoreCertificateBackup(backup)
const old = await secrets.getSecret('web', { version })
seen.restored = [
  restored.properties.id === second.properties.id,
  (await client.getCertificatePolicy('web')).validityInMonths,
  (await shownBy({ pfx: Buffer.from(old.value, 'base64'), passphrase: '' }, pemOf(web.cer)))[1],
]

// Issuers and contacts.
seen.noContacts = await refusal(client.getContacts())
seen.contacts = await client.setContacts([{ email: 'a@example.org', name: 'A', phone: '1' }])
seen.contactsRead = await client.getContacts()
await client.deleteContacts()
seen.contactsGone = await refusal(client.getContacts())
const issuer = await client.createIssuer('digi', 'DigiCert', {
  accountId: 'account',
  password: 'never shown',
  organizationId: 'org',
  administratorContacts: [{ firstName: 'F', lastName: 'L', email: 'f@example.org', phone: '2' }],
})
// The name of an issuer is read where that of a certificate stands: this client calls all of them `issuers`.
seen.issuer = [
  issuer.id.split('/').at(-1),
  issuer.provider,
  issuer.accountId,
  issuer.organizationId,
  issuer.administratorContacts,
]
seen.issuerSecret = JSON.stringify(await client.getIssuer('digi')).includes('never shown')
seen.issuerUpdated = (await client.updateIssuer('digi', { provider: 'Test' })).provider
seen.issuers = []
for await (const { id, provider } of client.listPropertiesOfIssuers())
  seen.issuers.push([id.split('/').at(-1), provider])
seen.notOffered = await refusal(client.beginCreateCertificate('outside', { ...usual, issuerName: 'digi' }, quick))
await client.deleteIssuer('digi')
seen.issuerGone = await refusal(client.getIssuer('digi'))

seen.missing = await refusal(client.getCertificate('never-was'))
rmSync(folder, { recursive: true })
console.log(JSON.stringify(seen))
