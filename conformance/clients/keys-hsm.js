/** Keys in a hardware security module, as @azure/keyvault-keys makes and uses them. Prints what it saw. */
import { createHash, createPublicKey, generateKeyPairSync, randomBytes, verify } from 'node:crypto'
import { DefaultAzureCredential } from '@azure/identity'
import { KeyClient } from '@azure/keyvault-keys'

const client = new KeyClient(process.env.AZURE_KEYVAULT_URL, new DefaultAzureCredential())
const seen = {}
const text = (bytes) => Buffer.from(bytes).toString('utf8')
const data = Buffer.from('what is signed')
const digest = createHash('sha256').update(data).digest()
const encoded = (bytes) => Buffer.from(bytes).toString('base64url')

const rsa = await client.createRsaKey('rsa', { hsm: true })
const withRsa = client.getCryptographyClient('rsa')
const { result: signature } = await withRsa.sign('RS256', digest)
const publicKey = createPublicKey({
  key: { kty: 'RSA', n: encoded(rsa.key.n), e: encoded(rsa.key.e) },
  format: 'jwk',
})
const wrapped = await withRsa.wrapKey('RSA-OAEP', digest)
seen.rsa = [
  rsa.keyType,
  rsa.properties.hsmPlatform ?? 'unsaid',
  verify('sha256', data, publicKey, signature),
  (await withRsa.verify('RS256', digest, signature)).result,
  digest.equals(Buffer.from((await withRsa.unwrapKey('RSA-OAEP', wrapped.result)).result)),
]

const ec = await client.createEcKey('ec', { hsm: true, curve: 'P-384' })
const withEc = client.getCryptographyClient('ec')
const signed = await withEc.signData('ES384', data)
seen.ec = [ec.keyType, ec.key.crv, (await withEc.verifyData('ES384', data, signed.result)).result]

const oct = await client.createOctKey('oct', { hsm: true, keySize: 256 })
const withOct = client.getCryptographyClient('oct')
const iv = randomBytes(16)
const cbc = await withOct.encrypt({ algorithm: 'A256CBCPAD', plaintext: data, iv })
const additionalAuthenticatedData = Buffer.from('to whom')
const gcm = await withOct.encrypt({ algorithm: 'A256GCM', plaintext: data, additionalAuthenticatedData })
const kept = await withOct.wrapKey('A256KW', digest)
seen.oct = [
  oct.keyType,
  oct.keyOperations,
  oct.key.k === undefined,
  text((await withOct.decrypt({ algorithm: 'A256CBCPAD', ciphertext: cbc.result, iv })).result),
  gcm.iv.length,
  gcm.authenticationTag.length,
  text(
    (
      await withOct.decrypt({
        algorithm: 'A256GCM',
        ciphertext: gcm.result,
        iv: gcm.iv,
        authenticationTag: gcm.authenticationTag,
        additionalAuthenticatedData,
      })
    ).result,
  ),
  digest.equals(Buffer.from((await withOct.unwrapKey('A256KW', kept.result)).result)),
]

const pair = generateKeyPairSync('rsa', { modulusLength: 2048 })
const jwk = pair.privateKey.export({ format: 'jwk' })
const bytes = Object.fromEntries(
  ['n', 'e', 'd', 'p', 'q', 'dp', 'dq', 'qi'].map((part) => [part, Buffer.from(jwk[part], 'base64url')]),
)
const imported = await client.importKey('imported', { kty: 'RSA', ...bytes }, { hardwareProtected: true })
const byImported = await client.getCryptographyClient('imported').signData('RS256', data)
const rotated = await client.rotateKey('ec')
seen.imported = [imported.keyType, verify('sha256', data, pair.publicKey, byImported.result)]
seen.rotated = [rotated.keyType, rotated.key.crv, rotated.id !== ec.id]
console.log(JSON.stringify(seen))
