import { EncryptedPrivateKeyInfo } from '@peculiar/asn1-pkcs8'
import { AsnConvert } from '@peculiar/asn1-schema'
import { Fault } from '../fault.ts'
import type { PrivateJwk } from '../keys/key.ts'
import { certificatesMax, readCertificate } from './certificate.ts'
import { Effort } from './effort.ts'
import { decryptedByPassword } from './password-cipher.ts'
import { type PemBlock, readPemBlocks, writePemBlock } from './pem.ts'
import { openPkcs12, sealPkcs12 } from './pkcs12.ts'
import { privateJwkOf } from './private-key.ts'
import { readable } from './readable.ts'

/** A private key and its certificates, as they come together from elsewhere. */
export type Bundle = {
  readonly privateKey: PrivateJwk
  /** DER, in the order of the file: see `orderChain`. */
  readonly chain: readonly Buffer[]
  readonly format: 'pkcs12' | 'pem'
}

const textCharsMax = 512 * 1024
const passwordCharsMax = 200

/**
 * Reads a bundle: PKCS #12 in base64, or PEM as text. The text may ask for a second of hashing, so it is read by a thread of its own:
 * see `Bundles`. Whether the key belongs to one of the certificates is for `orderChain`, and whether we keep such keys for who adopts it.
 */
export function readBundle(text: string, password?: string): Bundle {
  if (text.length > textCharsMax) throw refused(`A bundle has at most ${textCharsMax} characters.`)
  if (password !== undefined && password.length > passwordCharsMax) {
    throw new Fault('invalid', `The password of a bundle has at most ${passwordCharsMax} characters.`, { where: 'pwd' })
  }
  const pem = pemIn(text)
  if (pem !== undefined) return fromPem(readPemBlocks(pem), password)
  const { keys, certificates } = openPkcs12(base64In(text), password)
  const bundle = bundleOf(
    keys.map((key) => privateJwkOf(key)),
    certificates,
    'pkcs12',
  )
  for (const key of keys) key.fill(0)
  return bundle
}

/** PKCS #12 under the empty password; the first certificate is the key's. Each writing differs, since its salts do. */
export const writePkcs12 = (privateKey: Uint8Array | undefined, chain: readonly Uint8Array[]): Buffer =>
  sealPkcs12(privateKey, chain)

/** The private key (PKCS #8) first, as Key Vault has it, then the certificates in their order. */
export const writePem = (privateKey: Uint8Array | undefined, chain: readonly Uint8Array[]): string =>
  [
    ...(privateKey === undefined ? [] : [writePemBlock('PRIVATE KEY', privateKey)]),
    ...chain.map((certificate) => writePemBlock('CERTIFICATE', certificate)),
  ].join('')

/** A bundle as `writePkcs12` makes them, in base64, as PEM. It takes some milliseconds: see `Bundles`. */
export function pemOf(pkcs12: string): string {
  const { keys, certificates } = openPkcs12(Buffer.from(pkcs12, 'base64'), undefined)
  const pem = writePem(keys[0], certificates)
  for (const key of keys) key.fill(0)
  return pem
}

/** Some clients send PEM as it is, and some in base64 like everything else. */
function pemIn(text: string): string | undefined {
  if (text.includes('-----BEGIN ')) return text
  const inside = Buffer.from(text, 'base64').toString('latin1')
  return inside.trimStart().startsWith('-----BEGIN ') ? inside : undefined
}

function base64In(text: string): Buffer {
  const base64 = text.replaceAll(/\s+/g, '')
  if (/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return Buffer.from(base64, 'base64')
  throw refused('A bundle is PKCS #12 in base64, or PEM.')
}

function fromPem(blocks: readonly PemBlock[], password: string | undefined): Bundle {
  const effort = new Effort()
  const keys = blocks.flatMap((block) => keyIn(block, password, effort) ?? [])
  const certificates = blocks.filter(({ label }) => label === 'CERTIFICATE' || label === 'X509 CERTIFICATE')
  const bundle = bundleOf(
    keys,
    certificates.map(({ der }) => der),
    'pem',
  )
  for (const { der, label } of blocks) if (label.endsWith('PRIVATE KEY')) der.fill(0)
  return bundle
}

function keyIn({ label, der }: PemBlock, password: string | undefined, effort: Effort): PrivateJwk | undefined {
  switch (label) {
    case 'PRIVATE KEY':
      return privateJwkOf(der)
    case 'RSA PRIVATE KEY':
      return privateJwkOf(der, 'pkcs1')
    case 'EC PRIVATE KEY':
      return privateJwkOf(der, 'sec1')
    case 'ENCRYPTED PRIVATE KEY':
      return decryptedKey(der, password, effort)
    default:
      return undefined
  }
}

function decryptedKey(der: Uint8Array, password: string | undefined, effort: Effort): PrivateJwk {
  const key = readable(() => {
    const { encryptionAlgorithm, encryptedData } = AsnConvert.parse(der, EncryptedPrivateKeyInfo)
    return decryptedByPassword(encryptionAlgorithm, new Uint8Array(encryptedData.buffer), password, effort)
  }, notOpened)
  if (key === undefined) throw notOpened()
  return privateJwkOf(key)
}

function bundleOf(keys: readonly PrivateJwk[], certificates: readonly Buffer[], format: Bundle['format']): Bundle {
  const [privateKey] = keys
  if (privateKey === undefined) throw refused('The bundle has no private key.')
  if (keys.length > 1) throw refused('The bundle has more than one private key.')
  if (certificates.length === 0) throw refused('The bundle has no certificate.')
  if (certificates.length > certificatesMax) throw refused(`A bundle has at most ${certificatesMax} certificates.`)
  for (const certificate of certificates) readCertificate(certificate)
  return { privateKey, chain: certificates, format }
}

const refused = (why: string): Fault => new Fault('invalid', why, { where: 'value' })
const notOpened = (): Fault =>
  new Fault('invalid', 'The private key does not open with this password, or is damaged.', { where: 'pwd' })
