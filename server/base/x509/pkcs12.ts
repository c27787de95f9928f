import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { ContentInfo, EncryptedContent, EncryptedContentInfo } from '@peculiar/asn1-cms'
import * as pfx from '@peculiar/asn1-pfx'
import { EncryptedData, EncryptedPrivateKeyInfo } from '@peculiar/asn1-pkcs8'
import { AsnConvert, AsnProp, AsnPropTypes, OctetString } from '@peculiar/asn1-schema'
import * as asn1 from '@peculiar/asn1-x509'
import { Fault } from '../fault.ts'
import { certificatesMax } from './certificate.ts'
import { Effort } from './effort.ts'
import { decryptedByPassword, encryptedByEmptyPassword } from './password-cipher.ts'
import { type Digest, digestBytes, pkcs12Key, pkcs12Password } from './pkcs12-key.ts'
import { readable } from './readable.ts'
import { bytesOf } from './structure.ts'

/** Bundles of a private key and certificates in one file, under a password (PKCS #12, RFC 7292). Windows calls them PFX. */
export type Opened = { readonly keys: readonly Uint8Array[]; readonly certificates: readonly Buffer[] }

const data = '1.2.840.113549.1.7.1'
const encryptedData = '1.2.840.113549.1.7.6'
const localKeyId = '1.2.840.113549.1.9.21'
const sha1 = '1.3.14.3.2.26'
const digests: Readonly<Record<string, Digest>> = {
  [sha1]: 'sha1',
  '2.16.840.1.101.3.4.2.4': 'sha224',
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
}
const partsMax = 20
const bagsMax = 2 * certificatesMax
/** Hashing an empty password more often makes it no harder to guess, and would hold up whoever writes and reads. */
const roundsWritten = 100

// RFC 5652, 8: the library has the content, and not what is around it.
class EncryptedContents {
  version = 0
  encryptedContentInfo = new EncryptedContentInfo()
}
AsnProp({ type: AsnPropTypes.Integer })(EncryptedContents.prototype, 'version')
AsnProp({ type: EncryptedContentInfo })(EncryptedContents.prototype, 'encryptedContentInfo')

/** Octets in one piece or, as some write them, in several (X.690, 8.7.3). */
class Octets extends OctetString {
  override fromASN(asn: { getValue(): ArrayBuffer }): this {
    this.buffer = asn.getValue()
    return this
  }
}

/**
 * Opens a bundle: the private keys (PKCS #8) and certificates in it. Without a password it is tried with the empty one and with
 * none, which are two different ones here. Whatever is wrong with it is a Fault.
 */
export function openPkcs12(der: Uint8Array, password: string | undefined): Opened {
  const effort = new Effort()
  const tried = password === undefined || password === '' ? ['', undefined] : [password]
  return readable(() => {
    const { authSafe, macData } = AsnConvert.parse(der, pfx.PFX)
    if (authSafe.contentType !== data) {
      throw new Fault('invalid', 'The PKCS #12 file is signed by a key. Only those with a password are read.', where)
    }
    const contents = octetsIn(authSafe.content)
    // The structure has an empty one where the file has none.
    if (macData.mac.digest.byteLength === 0) {
      if (password !== undefined && password !== '') throw notOpened()
      return firstThatOpens(tried, (each) => bagsIn(contents, each, effort))
    }
    return firstThatOpens(tried, (each) =>
      isMacOf(macData, contents, each, effort) ? bagsIn(contents, each, effort) : undefined,
    )
  }, unreadable)
}

/** A bundle under the empty password, as Key Vault's certificates are handed out. The first certificate is the key's. */
export function sealPkcs12(privateKey: Uint8Array | undefined, certificates: readonly Uint8Array[]): Buffer {
  const effort = new Effort()
  const own = privateKey === undefined ? [] : [localKey()]
  const certificateBags = new pfx.SafeContents(
    certificates.map((certificate, at) => bag(pfx.id_certBag, certificateBag(certificate), at === 0 ? own : [])),
  )
  const parts = [encryptedPart(certificateBags, effort)]
  if (privateKey !== undefined) {
    const { algorithm, cipher } = encryptedByEmptyPassword(privateKey, freshSalt(8), effort)
    const shrouded = new EncryptedPrivateKeyInfo({
      encryptionAlgorithm: algorithm,
      encryptedData: new EncryptedData(cipher),
    })
    const keyBags = new pfx.SafeContents([bag(pfx.id_pkcs8ShroudedKeyBag, shrouded, own)])
    parts.unshift(plainPart(AsnConvert.serialize(keyBags)))
  }
  const contents = AsnConvert.serialize(new pfx.AuthenticatedSafe(parts))
  const file = new pfx.PFX({ authSafe: plainPart(contents), macData: macOf(Buffer.from(contents), effort) })
  return Buffer.from(AsnConvert.serialize(file))
}

// ── Reading

/** Undefined if a part doesn't open with this password. */
function bagsIn(contents: Uint8Array, password: string | undefined, effort: Effort): Opened | undefined {
  const parts = [...AsnConvert.parse(contents, pfx.AuthenticatedSafe)]
  if (parts.length > partsMax) throw tooMany()
  const keys: Uint8Array[] = []
  const certificates: Buffer[] = []
  let bags = 0
  for (const part of parts) {
    const plain = plainOf(part, password, effort)
    if (plain === undefined) return undefined
    for (const { bagId, bagValue } of AsnConvert.parse(plain, pfx.SafeContents)) {
      if (++bags > bagsMax) throw tooMany()
      if (bagId === pfx.id_keyBag) keys.push(new Uint8Array(bagValue))
      if (bagId === pfx.id_pkcs8ShroudedKeyBag) {
        const { encryptionAlgorithm, encryptedData } = AsnConvert.parse(bagValue, EncryptedPrivateKeyInfo)
        const key = decryptedByPassword(encryptionAlgorithm, new Uint8Array(encryptedData.buffer), password, effort)
        if (key === undefined) return undefined
        keys.push(key)
      }
      if (bagId === pfx.id_certBag) {
        const { certId, certValue } = AsnConvert.parse(bagValue, pfx.CertBag)
        if (certId === pfx.id_x509Certificate) certificates.push(octetsIn(certValue))
      }
    }
  }
  return { keys, certificates }
}

function plainOf(
  { contentType, content }: ContentInfo,
  password: string | undefined,
  effort: Effort,
): Buffer | undefined {
  if (contentType === data) return octetsIn(content)
  if (contentType !== encryptedData) {
    throw new Fault('invalid', 'The PKCS #12 file is encrypted to a key. Only those with a password are read.', where)
  }
  const { contentEncryptionAlgorithm, encryptedContent } = AsnConvert.parse(
    content,
    EncryptedContents,
  ).encryptedContentInfo
  const pieces = encryptedContent?.constructedValue ?? [encryptedContent?.value ?? new OctetString()]
  const cipher = Buffer.concat(pieces.map(({ buffer }) => new Uint8Array(buffer)))
  return decryptedByPassword(contentEncryptionAlgorithm, cipher, password, effort)
}

function isMacOf(
  { mac, macSalt, iterations }: pfx.MacData,
  contents: Uint8Array,
  password: string | undefined,
  effort: Effort,
): boolean {
  const digest = digests[mac.digestAlgorithm.algorithm]
  if (digest === undefined) {
    throw new Fault(
      'invalid',
      'The PKCS #12 file is authenticated in a way that is not read here: HMAC with SHA-1 or SHA-2 is.',
      where,
    )
  }
  const hashing = { digest, salt: new Uint8Array(macSalt.buffer), rounds: iterations }
  const key = pkcs12Key(pkcs12Password(password), 'mac', hashing, digestBytes[digest], effort)
  const expected = createHmac(digest, key).update(contents).digest()
  const given = new Uint8Array(mac.digest.buffer)
  return given.length === expected.length && timingSafeEqual(given, expected)
}

function firstThatOpens(
  passwords: readonly (string | undefined)[],
  open: (password: string | undefined) => Opened | undefined,
): Opened {
  for (const password of passwords) {
    // A wrong password may leave a padding that fits, and then what was behind it is no structure.
    const opened = attempted(() => open(password))
    if (opened !== undefined) return opened
  }
  throw notOpened()
}

function attempted<T>(open: () => T): T | undefined {
  try {
    return open()
  } catch (error) {
    if (error instanceof Fault) throw error
    return undefined
  }
}

const octetsIn = (content: ArrayBuffer): Buffer => Buffer.from(AsnConvert.parse(content, Octets).buffer)

const where = { where: 'value' }
/** The service's words. */
const notRead = 'The specified PKCS#12 X.509 certificate content can not be read.'
const unreadable = () =>
  new Fault('invalid', `${notRead} Please check if certificate is in valid PKCS#12 format.`, where)
/** A wrong password and a damaged file can't be told apart, so one answer serves for both. */
const notOpened = () =>
  new Fault('invalid', `${notRead} The password is wrong, or the file is damaged.`, { where: 'pwd' })
const tooMany = () => new Fault('invalid', 'The PKCS #12 file has too many parts.', where)

// ── Writing

const bag = (bagId: string, value: object, bagAttributes: pfx.PKCS12Attribute[]): pfx.SafeBag =>
  new pfx.SafeBag({
    bagId,
    bagValue: AsnConvert.serialize(value),
    ...(bagAttributes.length > 0 && { bagAttributes }),
  })

const certificateBag = (certificate: Uint8Array): pfx.CertBag =>
  new pfx.CertBag({
    certId: pfx.id_x509Certificate,
    certValue: AsnConvert.serialize(new OctetString(bytesOf(certificate))),
  })

/** What ties the certificate to its key: Java looks at nothing else. */
function localKey(): pfx.PKCS12Attribute {
  const attribute = new pfx.PKCS12Attribute()
  attribute.attrId = localKeyId
  attribute.attrValues = [AsnConvert.serialize(new OctetString([1, 0, 0, 0]))]
  return attribute
}

const plainPart = (contents: ArrayBuffer): ContentInfo =>
  new ContentInfo({ contentType: data, content: AsnConvert.serialize(new OctetString(contents)) })

function encryptedPart(bags: pfx.SafeContents, effort: Effort): ContentInfo {
  const { algorithm, cipher } = encryptedByEmptyPassword(
    new Uint8Array(AsnConvert.serialize(bags)),
    freshSalt(8),
    effort,
  )
  const contents = new EncryptedContents()
  contents.encryptedContentInfo = new EncryptedContentInfo({
    contentType: data,
    contentEncryptionAlgorithm: algorithm,
    encryptedContent: new EncryptedContent({ value: new OctetString(cipher) }),
  })
  return new ContentInfo({ contentType: encryptedData, content: AsnConvert.serialize(contents) })
}

function macOf(contents: Buffer, effort: Effort): pfx.MacData {
  const { salt, rounds } = freshSalt(20)
  const key = pkcs12Key(pkcs12Password(''), 'mac', { digest: 'sha1', salt, rounds }, digestBytes.sha1, effort)
  const macData = new pfx.MacData({ macSalt: new OctetString(bytesOf(salt)), iterations: rounds })
  macData.mac.digestAlgorithm = new asn1.AlgorithmIdentifier({ algorithm: sha1, parameters: null })
  macData.mac.digest = new OctetString(bytesOf(createHmac('sha1', key).update(contents).digest()))
  return macData
}

const freshSalt = (bytes: number) => ({ salt: randomBytes(bytes), rounds: roundsWritten })
