import { Attributes, CertificationRequest, CertificationRequestInfo } from '@peculiar/asn1-csr'
import { AsnConvert } from '@peculiar/asn1-schema'
import * as asn1 from '@peculiar/asn1-x509'
import type { PublicPart } from '../keys/key.ts'
import { publicKeyOf, type Signer, signatureAlgorithm, signatureOver } from './signature.ts'
import { derOf, infoOf } from './structure.ts'
import { nameOf } from './subject.ts'
import type { Wanted } from './wanted.ts'
import { checkWanted, wantedExtensions } from './wanted-extensions.ts'

const extensionRequest = '1.2.840.113549.1.9.14'

/** A certification request (PKCS #10, RFC 2986), DER: what an authority is sent to have a certificate made. */
export async function certificationRequest(wanted: Wanted, publicPart: PublicPart, sign: Signer): Promise<Buffer> {
  checkWanted(wanted)
  const extensions = AsnConvert.serialize(new asn1.Extensions(wantedExtensions(wanted)))
  const certificationRequestInfo = new CertificationRequestInfo({
    subject: nameOf(wanted.subject),
    subjectPKInfo: infoOf(publicKeyOf(publicPart)),
    attributes: new Attributes([new asn1.Attribute({ type: extensionRequest, values: [extensions] })]),
  })
  const request = new CertificationRequest({
    certificationRequestInfo,
    signatureAlgorithm: signatureAlgorithm(publicPart),
    signature: await signatureOver(derOf(certificationRequestInfo), publicPart, sign),
  })
  return derOf(request)
}
