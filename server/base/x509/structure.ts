import { createHash, createPublicKey, type KeyObject, randomBytes } from 'node:crypto'
import { AsnConvert, OctetString } from '@peculiar/asn1-schema'
import * as asn1 from '@peculiar/asn1-x509'

/** The small parts that every certificate of ours is made of. */

/** 128 bits, positive and without a leading zero, so that DER and every reader agree on its length. */
export function newSerial(): Buffer {
  const bytes = randomBytes(16)
  bytes[0] = (bytes[0]! & 0x7f) | 0x40
  return bytes
}

export const extension = (extnID: string, value: object, critical?: 'critical'): asn1.Extension =>
  new asn1.Extension({
    extnID,
    critical: critical !== undefined,
    extnValue: new OctetString(AsnConvert.serialize(value)),
  })

/** RFC 7093, method 1: the first 160 bits of SHA-256, where older certificates have SHA-1. */
export const keyIdentifier = ({ subjectPublicKey }: asn1.SubjectPublicKeyInfo): ArrayBuffer =>
  bytesOf(createHash('sha256').update(Buffer.from(subjectPublicKey)).digest().subarray(0, 20))

/** Both identifiers of keys: whose certificate it is, and who signed it. */
export const keyIdentifiers = (own: ArrayBuffer, issuers: ArrayBuffer): asn1.Extension[] => [
  extension(
    asn1.id_ce_authorityKeyIdentifier,
    new asn1.AuthorityKeyIdentifier({ keyIdentifier: new asn1.KeyIdentifier(issuers) }),
  ),
  extension(asn1.id_ce_subjectKeyIdentifier, new asn1.SubjectKeyIdentifier(own)),
]

export const infoOf = (key: KeyObject): asn1.SubjectPublicKeyInfo =>
  AsnConvert.parse(
    (key.type === 'private' ? createPublicKey(key) : key).export({ type: 'spki', format: 'der' }),
    asn1.SubjectPublicKeyInfo,
  )

/** A copy: a Buffer may be a window on memory that it shares. */
export const bytesOf = (bytes: Uint8Array): ArrayBuffer => new Uint8Array(bytes).buffer
