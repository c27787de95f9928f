/** Every method of @azure/keyvault-keys that a vault serves, as its documentation shows it. Prints what it saw. */
import {
  constants,
  createHash,
  createPublicKey,
  generateKeyPairSync,
  publicEncrypt,
  randomBytes,
  verify,
} from 'node:crypto'
import { DefaultAzureCredential } from '@azure/identity'
import { CryptographyClient, KeyClient, parseKeyVaultKeyIdentifier } from '@azure/keyvault-keys'
import { refusal } from './refusal.js'

const credential = new DefaultAzureCredential()
const client = new KeyClient(process.env.AZURE_KEYVAULT_URL, credential)
const seen = {}
const digestOf = (algorithm, data) =>
  createHash(`sha${algorithm.slice(2).replace('256K', '256')}`)
    .update(data)
    .digest()
const text = (bytes) => Buffer.from(bytes).toString('utf8')
const data = Buffer.from('what is signed')
/** Everything in the JSON of a key comes as bytes. */
const publicKeyOf = ({ n, e, x, y, crv }) => {
  const [N, E, X, Y] = [n, e, x, y].map((bytes) => bytes && Buffer.from(bytes).toString('base64url'))
  const jwk = n ? { kty: 'RSA', n: N, e: E } : { kty: 'EC', crv: crv === 'P-256K' ? 'secp256k1' : crv, x: X, y: Y }
  return createPublicKey({ key: jwk, format: 'jwk' })
}

const rsa = await client.createRsaKey('rsa', {
  keySize: 2048,
  tags: { a: '1' },
  // The client takes what ends after January 2038 for ended.
  expiresOn: new Date('2037-01-01T00:00:00Z'),
})
seen.rsa = {
  type: rsa.keyType,
  operations: rsa.keyOperations,
  bytes: rsa.key.n.length,
  exponent: Buffer.from(rsa.key.e).toString('hex'),
  isPrivate: rsa.key.d !== undefined,
  tags: rsa.properties.tags,
  expires: rsa.properties.expiresOn.toISOString(),
  recovery: [rsa.properties.recoveryLevel, rsa.properties.recoverableDays],
  exportable: rsa.properties.exportable,
  hsmPlatform: rsa.properties.hsmPlatform,
  ofVersion: parseKeyVaultKeyIdentifier(rsa.id).version === rsa.properties.version,
}
const cryptography = client.getCryptographyClient('rsa', { keyVersion: rsa.properties.version })

seen.rsaSignatures = {}
for (const algorithm of ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']) {
  const { result: signature, keyID } = await cryptography.sign(algorithm, digestOf(algorithm, data))
  const byData = await cryptography.signData(algorithm, data)
  const other = Buffer.from(signature)
  other[7] ^= 1
  seen.rsaSignatures[algorithm] = [
    keyID === rsa.id,
    // The client verifies a digest at the vault, and data by itself.
    (await cryptography.verify(algorithm, digestOf(algorithm, data), signature)).result,
    (await cryptography.verify(algorithm, digestOf(algorithm, data), other)).result,
    algorithm.startsWith('RS') && (await cryptography.verifyData(algorithm, data, byData.result)).result,
    verify(
      `sha${algorithm.slice(2)}`,
      data,
      algorithm.startsWith('PS')
        ? {
            key: publicKeyOf(rsa.key),
            padding: constants.RSA_PKCS1_PSS_PADDING,
            saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
          }
        : publicKeyOf(rsa.key),
      signature,
    ),
  ]
}

seen.secrecy = {}
const secret = randomBytes(32)
// The first two the client encrypts by itself, the third the vault does.
for (const algorithm of ['RSA1_5', 'RSA-OAEP', 'RSA-OAEP-256']) {
  const encrypted = await cryptography.encrypt({ algorithm, plaintext: Buffer.from('well kept') })
  const decrypted = await cryptography.decrypt({ algorithm, ciphertext: encrypted.result })
  const wrapped = await cryptography.wrapKey(algorithm, secret)
  const unwrapped = await cryptography.unwrapKey(algorithm, wrapped.result)
  seen.secrecy[algorithm] = [text(decrypted.result), secret.equals(Buffer.from(unwrapped.result))]
}
const elsewhere = publicEncrypt(
  { key: publicKeyOf(rsa.key), padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' },
  Buffer.from('by another'),
)
seen.byAnother = text((await cryptography.decrypt('RSA-OAEP-256', elsewhere)).result)

seen.curves = {}
for (const [curve, algorithm] of [
  ['P-256', 'ES256'],
  ['P-256K', 'ES256K'],
  ['P-384', 'ES384'],
  ['P-521', 'ES512'],
]) {
  const key = await client.createEcKey(`ec-${curve}`, { curve })
  const one = new CryptographyClient(key.id, credential)
  const digest = digestOf(algorithm, data)
  const { result: signature } = await one.sign(algorithm, digest)
  seen.curves[curve] = [
    key.keyType,
    key.key.crv,
    key.keyOperations,
    signature.length,
    (await one.verify(algorithm, digest, signature)).result,
    (await one.verifyData(algorithm, data, (await one.signData(algorithm, data)).result)).result,
    verify(
      { ES512: 'sha512', ES384: 'sha384' }[algorithm] ?? 'sha256',
      data,
      { key: publicKeyOf(key.key), dsaEncoding: 'ieee-p1363' },
      signature,
    ),
  ]
}

const second = await client.createKey('rsa', 'RSA', { keyOps: ['sign', 'verify'] })
seen.latest = (await client.getKey('rsa')).properties.version === second.properties.version
seen.byVersion = (await client.getKey('rsa', { version: rsa.properties.version })).id === rsa.id
seen.versions = []
for await (const { name, enabled } of client.listPropertiesOfKeyVersions('rsa')) seen.versions.push([name, enabled])
seen.latestSigns = (await client.getCryptographyClient('rsa').sign('RS256', digestOf('RS256', data))).keyID
  .split('/')
  .at(-2)
seen.notForThat = await refusal(client.getCryptographyClient('rsa').decrypt('RSA-OAEP', elsewhere))
for (let index = 0; index < 7; index += 1) await client.createEcKey(`page-${index}`)
seen.pages = []
for await (const page of client.listPropertiesOfKeys().byPage({ maxPageSize: 5 })) seen.pages.push(page.length)

const changed = await client.updateKeyProperties('rsa', second.properties.version, { enabled: false, tags: { b: '2' } })
seen.changed = [changed.properties.enabled, changed.properties.tags]
seen.disabled = await refusal(client.getCryptographyClient('rsa').sign('RS256', digestOf('RS256', data)))
const again = await client.updateKeyProperties('rsa', { enabled: true, keyOps: ['verify'] })
seen.again = [again.properties.enabled, again.keyOperations, again.properties.tags]

const pair = generateKeyPairSync('rsa', { modulusLength: 3072 })
const jwk = pair.privateKey.export({ format: 'jwk' })
const bytes = Object.fromEntries(
  ['n', 'e', 'd', 'p', 'q', 'dp', 'dq', 'qi'].map((part) => [part, Buffer.from(jwk[part], 'base64url')]),
)
const imported = await client.importKey('imported', { kty: 'RSA', keyOps: ['sign', 'decrypt'], ...bytes })
const importedSignature = await client.getCryptographyClient('imported').signData('RS256', data)
seen.imported = [
  imported.keyType,
  imported.keyOperations,
  imported.key.d === undefined,
  verify('sha256', data, pair.publicKey, importedSignature.result),
]

const backup = await client.backupKey('imported')
const deleting = await client.beginDeleteKey('imported')
seen.recoveryId = (await deleting.pollUntilDone()).properties.recoveryId
seen.gone = await refusal(client.getKey('imported'))
seen.taken = await refusal(client.createEcKey('imported'))
seen.deleted = (await client.getDeletedKey('imported')).properties.name
seen.listedDeleted = []
for await (const { name } of client.listDeletedKeys()) seen.listedDeleted.push(name)
await (await client.beginRecoverDeletedKey('imported')).pollUntilDone()
seen.recovered = (await client.getKey('imported')).id === imported.id
seen.conflict = await refusal(client.restoreKeyBackup(backup))
await (await client.beginDeleteKey('imported')).pollUntilDone()
await client.purgeDeletedKey('imported')
seen.purged = await refusal(client.getDeletedKey('imported'))
const restored = await client.restoreKeyBackup(backup)
const restoredSignature = await client.getCryptographyClient('imported').signData('RS256', data)
seen.restored = [restored.id === imported.id, verify('sha256', data, pair.publicKey, restoredSignature.result)]

const beforeRotation = await client.getKey('ec-P-384')
const rotated = await client.rotateKey('ec-P-384')
seen.rotated = [rotated.keyType, rotated.key.crv, rotated.id !== beforeRotation.id]
const policy = await client.updateKeyRotationPolicy('ec-P-384', {
  expiresIn: 'P120D',
  lifetimeActions: [
    { action: 'Rotate', timeAfterCreate: 'P90D' },
    { action: 'Notify', timeBeforeExpiry: 'P10D' },
  ],
})
seen.policy = [
  policy.expiresIn,
  policy.lifetimeActions.map(
    ({ action, timeAfterCreate, timeBeforeExpiry }) => `${action} ${timeAfterCreate ?? timeBeforeExpiry}`,
  ),
]
seen.policyRead = (await client.getKeyRotationPolicy('ec-P-384')).expiresIn

seen.missing = await refusal(client.getKey('never-was'))
seen.notOffered = {
  release: await refusal(client.releaseKey('rsa', 'a.b.c')),
  attestation: await refusal(client.getKeyAttestation('rsa', { version: rsa.properties.version })),
  random: await refusal(client.getRandomBytes(8)),
  exportable: await refusal(client.createRsaKey('exported', { exportable: true })),
}
console.log(JSON.stringify(seen))
