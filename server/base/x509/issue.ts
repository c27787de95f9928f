import { AsnConvert } from '@peculiar/asn1-schema'
import * as asn1 from '@peculiar/asn1-x509'
import type { PublicPart } from '../keys/key.ts'
import { publicKeyOf, type Signer, signatureAlgorithm, signatureOver } from './signature.ts'
import { bytesOf, infoOf, keyIdentifier, keyIdentifiers } from './structure.ts'
import { nameOf } from './subject.ts'
import type { Wanted } from './wanted.ts'
import { checkWanted, wantedExtensions } from './wanted-extensions.ts'

/** For how long a certificate is good, and its number: see `newSerial`. */
export type Terms = { readonly notBefore: Date; readonly notAfter: Date; readonly serial: Uint8Array }

/** Who signs: by what its own certificate says (DER). */
export type CertificateIssuer = {
  readonly certificate: Uint8Array
  readonly publicPart: PublicPart
  readonly sign: Signer
}

/** A certificate that vouches for itself, DER. */
export async function selfSigned(wanted: Wanted, publicPart: PublicPart, sign: Signer, terms: Terms): Promise<Buffer> {
  checkWanted(wanted)
  const identifier = keyIdentifier(infoOf(publicKeyOf(publicPart)))
  return issued(wanted, publicPart, terms, { name: nameOf(wanted.subject), identifier, publicPart, sign })
}

/** A certificate signed by another's key, DER. */
export async function issuedBy(
  { certificate, publicPart: issuersPart, sign }: CertificateIssuer,
  wanted: Wanted,
  publicPart: PublicPart,
  terms: Terms,
): Promise<Buffer> {
  checkWanted(wanted)
  const { subject: name, extensions } = AsnConvert.parse(certificate, asn1.Certificate).tbsCertificate
  const known = extensions?.find(({ extnID }) => extnID === asn1.id_ce_subjectKeyIdentifier)
  const identifier =
    known === undefined
      ? keyIdentifier(infoOf(publicKeyOf(issuersPart)))
      : AsnConvert.parse(known.extnValue, asn1.SubjectKeyIdentifier).buffer
  return issued(wanted, publicPart, terms, { name, identifier, publicPart: issuersPart, sign })
}

type Issuer = {
  readonly name: asn1.Name
  readonly identifier: ArrayBuffer
  readonly publicPart: PublicPart
  readonly sign: Signer
}

async function issued(wanted: Wanted, publicPart: PublicPart, terms: Terms, issuer: Issuer): Promise<Buffer> {
  const subjectPublicKeyInfo = infoOf(publicKeyOf(publicPart))
  const algorithm = signatureAlgorithm(issuer.publicPart)
  const tbsCertificate = new asn1.TBSCertificate({
    version: asn1.Version.v3,
    serialNumber: bytesOf(terms.serial),
    signature: algorithm,
    issuer: issuer.name,
    validity: new asn1.Validity({ notBefore: terms.notBefore, notAfter: terms.notAfter }),
    subject: nameOf(wanted.subject),
    subjectPublicKeyInfo,
    extensions: new asn1.Extensions([
      ...wantedExtensions(wanted),
      ...keyIdentifiers(keyIdentifier(subjectPublicKeyInfo), issuer.identifier),
    ]),
  })
  const signatureValue = await signatureOver(
    Buffer.from(AsnConvert.serialize(tbsCertificate)),
    issuer.publicPart,
    issuer.sign,
  )
  return Buffer.from(
    AsnConvert.serialize(new asn1.Certificate({ tbsCertificate, signatureAlgorithm: algorithm, signatureValue })),
  )
}
