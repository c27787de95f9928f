import { createCipheriv, createDecipheriv, pbkdf2Sync } from 'node:crypto'
import { AsnConvert, AsnProp, AsnPropTypes, OctetString } from '@peculiar/asn1-schema'
import * as asn1 from '@peculiar/asn1-x509'
import { Fault } from '../fault.ts'
import type { Effort } from './effort.ts'
import { type Digest, type Hashing, pkcs12Key, pkcs12Password } from './pkcs12-key.ts'
import { rc2Decrypted } from './rc2.ts'
import { bytesOf } from './structure.ts'

/** What bundles are encrypted with under a password: the schemes of PKCS #12 (RFC 7292, appendix C) and PBES2 (RFC 8018, 6.2). */

// The structures of both; the library has them not. Properties are told of one by one, since the runtime knows no decorators.
class Pkcs12Parameters {
  salt = new OctetString()
  iterations = 0
}
AsnProp({ type: OctetString })(Pkcs12Parameters.prototype, 'salt')
AsnProp({ type: AsnPropTypes.Integer })(Pkcs12Parameters.prototype, 'iterations')

class Pbes2Parameters {
  keyDerivationFunc = new asn1.AlgorithmIdentifier()
  encryptionScheme = new asn1.AlgorithmIdentifier()
}
AsnProp({ type: asn1.AlgorithmIdentifier })(Pbes2Parameters.prototype, 'keyDerivationFunc')
AsnProp({ type: asn1.AlgorithmIdentifier })(Pbes2Parameters.prototype, 'encryptionScheme')

class Pbkdf2Parameters {
  salt = new OctetString()
  iterationCount = 0
  keyLength: number | undefined
  prf = new asn1.AlgorithmIdentifier({ algorithm: '1.2.840.113549.2.7' })
}
AsnProp({ type: OctetString })(Pbkdf2Parameters.prototype, 'salt')
AsnProp({ type: AsnPropTypes.Integer })(Pbkdf2Parameters.prototype, 'iterationCount')
AsnProp({ type: AsnPropTypes.Integer, optional: true })(Pbkdf2Parameters.prototype, 'keyLength')
AsnProp({ type: asn1.AlgorithmIdentifier, optional: true })(Pbkdf2Parameters.prototype, 'prf')

const pbes2 = '1.2.840.113549.1.5.13'
const pbkdf2 = '1.2.840.113549.1.5.12'
const tripleDesByPassword = '1.2.840.113549.1.12.1.3'

type Cipher = { readonly name: 'des-ede3-cbc' | 'des-ede-cbc' | 'rc2'; readonly keyBytes: number }
const byPkcs12: Readonly<Record<string, Cipher>> = {
  [tripleDesByPassword]: { name: 'des-ede3-cbc', keyBytes: 24 },
  '1.2.840.113549.1.12.1.4': { name: 'des-ede-cbc', keyBytes: 16 },
  '1.2.840.113549.1.12.1.5': { name: 'rc2', keyBytes: 16 },
  '1.2.840.113549.1.12.1.6': { name: 'rc2', keyBytes: 5 },
}
const byPbes2: Readonly<Record<string, { readonly name: string; readonly keyBytes: number }>> = {
  '2.16.840.1.101.3.4.1.2': { name: 'aes-128-cbc', keyBytes: 16 },
  '2.16.840.1.101.3.4.1.22': { name: 'aes-192-cbc', keyBytes: 24 },
  '2.16.840.1.101.3.4.1.42': { name: 'aes-256-cbc', keyBytes: 32 },
  '1.2.840.113549.3.7': { name: 'des-ede3-cbc', keyBytes: 24 },
}
const pseudorandom: Readonly<Record<string, Digest>> = {
  '1.2.840.113549.2.7': 'sha1',
  '1.2.840.113549.2.8': 'sha224',
  '1.2.840.113549.2.9': 'sha256',
  '1.2.840.113549.2.10': 'sha384',
  '1.2.840.113549.2.11': 'sha512',
}
const blockBytes = 8

/** Decrypts; undefined if the password isn't this one. A scheme that we can't read, or that asks for too much, is a Fault. */
export function decryptedByPassword(
  { algorithm, parameters }: asn1.AlgorithmIdentifier,
  cipher: Uint8Array,
  password: string | undefined,
  effort: Effort,
): Buffer | undefined {
  if (parameters === undefined || parameters === null) throw unknownScheme()
  if (algorithm === pbes2) return decryptedByPbes2(parameters, cipher, password ?? '', effort)
  const found = byPkcs12[algorithm]
  if (found === undefined) throw unknownScheme()
  const { salt, iterations } = AsnConvert.parse(parameters, Pkcs12Parameters)
  const hashing = { digest: 'sha1', salt: new Uint8Array(salt.buffer), rounds: iterations } as const
  const secret = pkcs12Password(password)
  const key = pkcs12Key(secret, 'encryption', hashing, found.keyBytes, effort)
  const iv = pkcs12Key(secret, 'iv', hashing, blockBytes, effort)
  return opened(found.name, key, iv, cipher)
}

/** Encrypts with triple DES under the empty password, which hides nothing from anybody: see docs/decisions/042. */
export function encryptedByEmptyPassword(
  plain: Uint8Array,
  { salt, rounds }: Omit<Hashing, 'digest'>,
  effort: Effort,
): { readonly algorithm: asn1.AlgorithmIdentifier; readonly cipher: ArrayBuffer } {
  const hashing = { digest: 'sha1', salt, rounds } as const
  const secret = pkcs12Password('')
  const key = pkcs12Key(secret, 'encryption', hashing, 24, effort)
  const cipher = createCipheriv('des-ede3-cbc', key, pkcs12Key(secret, 'iv', hashing, blockBytes, effort))
  const parameters = new Pkcs12Parameters()
  parameters.salt = new OctetString(bytesOf(salt))
  parameters.iterations = rounds
  return {
    algorithm: new asn1.AlgorithmIdentifier({
      algorithm: tripleDesByPassword,
      parameters: AsnConvert.serialize(parameters),
    }),
    cipher: bytesOf(Buffer.concat([cipher.update(plain), cipher.final()])),
  }
}

function decryptedByPbes2(
  parameters: ArrayBuffer,
  cipher: Uint8Array,
  password: string,
  effort: Effort,
): Buffer | undefined {
  const { keyDerivationFunc: derivation, encryptionScheme: encryption } = AsnConvert.parse(parameters, Pbes2Parameters)
  const scheme = byPbes2[encryption.algorithm]
  if (derivation.algorithm !== pbkdf2 || !derivation.parameters || scheme === undefined || !encryption.parameters) {
    throw unknownScheme()
  }
  const { salt, iterationCount, keyLength, prf } = AsnConvert.parse(derivation.parameters, Pbkdf2Parameters)
  const digest = pseudorandom[prf.algorithm]
  if (digest === undefined || (keyLength ?? scheme.keyBytes) !== scheme.keyBytes) throw unknownScheme()
  effort.spend(iterationCount)
  const key = pbkdf2Sync(password, new Uint8Array(salt.buffer), iterationCount, scheme.keyBytes, digest)
  const iv = new Uint8Array(AsnConvert.parse(encryption.parameters, OctetString).buffer)
  return opened(scheme.name, key, iv, cipher)
}

function opened(name: string, key: Buffer, iv: Uint8Array, cipher: Uint8Array): Buffer | undefined {
  if (name === 'rc2') return unpadded(rc2Decrypted(key, iv, cipher))
  try {
    const decipher = createDecipheriv(name, key, iv)
    return Buffer.concat([decipher.update(cipher), decipher.final()])
  } catch {
    return undefined
  }
}

/** RFC 8018, 6.1.1: as many bytes of padding as each of them says. */
function unpadded(plain: Buffer): Buffer | undefined {
  const padding = plain.at(-1) ?? 0
  const fits = padding > 0 && padding <= blockBytes && plain.length % blockBytes === 0
  return fits && plain.subarray(-padding).every((byte) => byte === padding) ? plain.subarray(0, -padding) : undefined
}

const unknownScheme = (): Fault =>
  new Fault(
    'invalid',
    'The bundle is encrypted in a way that is not read here: PBES2 with AES is, and PKCS #12’s own.',
    {
      where: 'value',
    },
  )
