import { createHash, type KeyObject, randomBytes } from 'node:crypto'
import { AsnConvert, OctetString } from '@peculiar/asn1-schema'
import * as asn1 from '@peculiar/asn1-x509'

/** The small parts that every certificate of ours is made of. */

/** 128 bits, positive and without a leading zero, so that DER and every reader agree on its length. */
export function newSerial(): Buffer {
  const bytes = randomBytes(16)
  bytes[0] = (bytes[0]! & 0x7f) | 0x40
  return bytes
}

/** An extension of a certificate or request; one that is critical must be understood by whoever reads it. */
export const extension = (extnID: string, value: object, critical?: 'critical'): asn1.Extension =>
  new asn1.Extension({
    extnID,
    critical: critical !== undefined,
    extnValue: new OctetString(AsnConvert.serialize(value)),
  })

/** RFC 7093, method 1: the first 160 bits of SHA-256, where older certificates have SHA-1. */
export const keyIdentifier = ({ subjectPublicKey }: asn1.SubjectPublicKeyInfo): ArrayBuffer =>
  bytesOf(createHash('sha256').update(Buffer.from(subjectPublicKey)).digest().subarray(0, 20))

/** Both identifiers of keys: who signed it, and whose certificate it is. */
export const keyIdentifiers = (own: ArrayBuffer, issuers: ArrayBuffer): asn1.Extension[] => [
  extension(
    asn1.id_ce_authorityKeyIdentifier,
    new asn1.AuthorityKeyIdentifier({ keyIdentifier: new asn1.KeyIdentifier(issuers) }),
  ),
  extension(asn1.id_ce_subjectKeyIdentifier, new asn1.SubjectKeyIdentifier(own)),
]

/** For how long a certificate is good, and its number: see `newSerial`. */
export type Terms = { readonly notBefore: Date; readonly notAfter: Date; readonly serial: Uint8Array }

export type Draft = {
  readonly issuer: asn1.Name
  readonly subject: asn1.Name
  readonly key: asn1.SubjectPublicKeyInfo
  readonly terms: Terms
  readonly extensions: readonly asn1.Extension[]
  /** What it will be signed with. */
  readonly algorithm: asn1.AlgorithmIdentifier
}

/** What is to be signed. */
export const drafted = ({ issuer, subject, key, terms, extensions, algorithm }: Draft): asn1.TBSCertificate =>
  new asn1.TBSCertificate({
    version: asn1.Version.v3,
    serialNumber: bytesOf(terms.serial),
    signature: algorithm,
    issuer,
    validity: new asn1.Validity({ notBefore: terms.notBefore, notAfter: terms.notAfter }),
    subject,
    subjectPublicKeyInfo: key,
    extensions: new asn1.Extensions([...extensions]),
  })

/** The certificate, DER, from what was signed and the signature over it. */
export const signed = (tbsCertificate: asn1.TBSCertificate, signatureValue: ArrayBuffer): Buffer =>
  derOf(new asn1.Certificate({ tbsCertificate, signatureAlgorithm: tbsCertificate.signature, signatureValue }))

/** A structure in DER. */
export const derOf = (structure: object): Buffer => Buffer.from(AsnConvert.serialize(structure))

/** A public key as certificates bear it. */
export const infoOf = (key: KeyObject): asn1.SubjectPublicKeyInfo =>
  AsnConvert.parse(key.export({ type: 'spki', format: 'der' }), asn1.SubjectPublicKeyInfo)

/** A copy: a Buffer may be a window on memory that it shares. */
export const bytesOf = (bytes: Uint8Array): ArrayBuffer => new Uint8Array(bytes).buffer
