import { createHash, X509Certificate } from 'node:crypto'
import { type KeyUsage, keyUsages } from '@cardea/contract/vault/certificates'
import { AsnConvert } from '@peculiar/asn1-schema'
import * as asn1 from '@peculiar/asn1-x509'
import { Fault } from '../fault.ts'
import { curves, type PublicPart } from '../keys/key.ts'
import { curveNames } from '../keys/private-jwk.ts'
import { alternativeNames } from './alternative-names.ts'
import { readable } from './readable.ts'
import { publicKeyOf } from './signature.ts'
import { textOfName } from './subject.ts'
import type { AlternativeNames } from './wanted.ts'

/** What a certificate says, in plain words. */
type ReadCertificate = {
  readonly subject: string
  readonly issuer: string
  /** In hexadecimal, small letters. */
  readonly serial: string
  readonly notBefore: Date
  readonly notAfter: Date
  readonly sans: AlternativeNames
  readonly keyUsage: readonly KeyUsage[]
  readonly ekus: readonly string[]
  readonly ca: boolean
  /** Undefined if the key is of a kind that we don't keep. Those of authorities may be. */
  readonly publicPart: PublicPart | undefined
  /** What Key Vault knows a certificate by: SHA-1 over all of it, in base64url. */
  readonly thumbprint: string
}

const certificateBytesMax = 32 * 1024
/** So many may come together: a leaf, a chain, and what else a bundle has gathered. */
export const certificatesMax = 30
/** Signatures that are verified to order them. Each takes a few milliseconds with the largest keys that OpenSSL knows. */
const verificationsMax = 60

/** Reads a certificate (DER). Whatever isn't one is a Fault, and it is not asked who signed it. */
export function readCertificate(der: Uint8Array): ReadCertificate {
  const native = certificateOf(der)
  return readable(() => {
    const { subject, issuer, serialNumber, validity, ...rest } = structureOf(der)
    const extensions = [...(rest.extensions ?? [])]
    if (new Set(extensions.map(({ extnID }) => extnID)).size < extensions.length) throw unreadable()
    const saidIn = <T>(type: string, target: new () => T): T | undefined => {
      const found = extensions.find(({ extnID }) => extnID === type)
      return found && AsnConvert.parse(found.extnValue, target)
    }
    return {
      subject: textOfName(subject),
      issuer: textOfName(issuer),
      serial: Buffer.from(serialNumber).toString('hex'),
      notBefore: instantOf(validity.notBefore),
      notAfter: instantOf(validity.notAfter),
      sans: alternativeNames(saidIn(asn1.id_ce_subjectAltName, asn1.SubjectAlternativeName) ?? []),
      keyUsage: keyUsageOf(saidIn(asn1.id_ce_keyUsage, asn1.KeyUsage)),
      ekus: [...(saidIn(asn1.id_ce_extKeyUsage, asn1.ExtendedKeyUsage) ?? [])],
      ca: saidIn(asn1.id_ce_basicConstraints, asn1.BasicConstraints)?.cA ?? false,
      publicPart: publicPartOf(native),
      thumbprint: createHash('sha1').update(der).digest('base64url'),
    }
  }, unreadable)
}

/** The service's own words, which people search for. */
const notOfKey =
  'The public key of the end-entity certificate in the specified X.509 certificate content does not match the public part of the specified private key.'

/**
 * Certificates in the order that clients want: the key's own first, then each followed by the one that signed it; what belongs to
 * nobody comes last, in the order given. Refuses those of which none is the key's.
 */
export function orderChain(leafKey: PublicPart, ders: readonly Uint8Array[]): Buffer[] {
  if (ders.length > certificatesMax) {
    throw new Fault('invalid', `There are more than ${certificatesMax} certificates.`, where)
  }
  const key = publicKeyOf(leafKey)
  const left = ders.map(certificateOf)
  const take = (wanted: (certificate: X509Certificate) => boolean): X509Certificate | undefined => {
    const at = left.findIndex((certificate) => readable(() => wanted(certificate), unreadable))
    return at < 0 ? undefined : left.splice(at, 1)[0]
  }
  let verifications = 0
  const isIssuedBy = (certificate: X509Certificate, other: X509Certificate): boolean => {
    const key = keyOf(other)
    if (key === undefined || !certificate.checkIssued(other)) return false
    if (++verifications > verificationsMax) {
      throw new Fault('invalid', 'Too many of the certificates have the same names.', where)
    }
    return certificate.verify(key)
  }
  const ordered: X509Certificate[] = []
  let next = take((certificate) => keyOf(certificate)?.equals(key) === true)
  if (next === undefined) throw new Fault('invalid', notOfKey, where)
  while (next !== undefined) {
    const last: X509Certificate = next
    ordered.push(last)
    next = take((other) => isIssuedBy(last, other))
  }
  return [...ordered, ...left].map(({ raw }) => raw)
}

const where = { where: 'certificate' }
const unreadable = (): Fault => new Fault('invalid', 'This is no X.509 certificate, or a damaged one.', where)

/** Both readers must take it, whole and with nothing behind it: OpenSSL, which clients have, and the one that we take apart with. */
function certificateOf(der: Uint8Array): X509Certificate {
  if (der.length > certificateBytesMax) {
    throw new Fault('invalid', `A certificate has at most ${certificateBytesMax} bytes.`, where)
  }
  return readable(() => {
    const certificate = new X509Certificate(der)
    if (!certificate.raw.equals(der)) throw unreadable()
    return certificate
  }, unreadable)
}

const structureOf = (der: Uint8Array): asn1.TBSCertificate => AsnConvert.parse(der, asn1.Certificate).tbsCertificate

function instantOf(time: asn1.Time): Date {
  const instant = time.getTime()
  if (Number.isNaN(+instant)) throw unreadable()
  return instant
}

function keyUsageOf(usage: asn1.KeyUsage | undefined): KeyUsage[] {
  const bytes = new Uint8Array(usage?.value ?? new ArrayBuffer(0))
  return keyUsages.filter((_, bit) => ((bytes[bit >> 3] ?? 0) & (0x80 >> (bit & 7))) !== 0)
}

function publicPartOf(certificate: X509Certificate): PublicPart | undefined {
  const key = keyOf(certificate)
  if (key?.asymmetricKeyType === 'rsa') {
    const { n = '', e = '' } = key.export({ format: 'jwk' })
    return { kty: 'RSA', n, e }
  }
  const crv = curves.find((name) => curveNames[name].openssl === key?.asymmetricKeyDetails?.namedCurve)
  if (key?.asymmetricKeyType !== 'ec' || crv === undefined) return undefined
  const { x = '', y = '' } = key.export({ format: 'jwk' })
  return { kty: 'EC', crv, x, y }
}

/** The key, if OpenSSL knows such keys at all. */
function keyOf(certificate: X509Certificate) {
  try {
    return certificate.publicKey
  } catch {
    return undefined
  }
}
