import type * as asn1 from '@peculiar/asn1-x509'
import type { PublicPart } from '../keys/key.ts'
import { publicKeyOf, type Signer, signatureAlgorithm, signatureOver } from './signature.ts'
import { derOf, drafted, infoOf, keyIdentifier, keyIdentifiers, signed, type Terms } from './structure.ts'
import { nameOf } from './subject.ts'
import type { Wanted } from './wanted.ts'
import { checkWanted, wantedExtensions } from './wanted-extensions.ts'

/** A certificate that vouches for itself, DER. */
export async function selfSigned(wanted: Wanted, publicPart: PublicPart, sign: Signer, terms: Terms): Promise<Buffer> {
  checkWanted(wanted)
  const identifier = keyIdentifier(infoOf(publicKeyOf(publicPart)))
  return issued(wanted, publicPart, terms, { name: nameOf(wanted.subject), identifier, publicPart, sign })
}

/** Who signs, by what name and with which key. */
type Signatory = {
  readonly name: asn1.Name
  readonly identifier: ArrayBuffer
  readonly publicPart: PublicPart
  readonly sign: Signer
}

/** A certificate that a signatory vouches for, DER. */
export async function issued(wanted: Wanted, publicPart: PublicPart, terms: Terms, by: Signatory): Promise<Buffer> {
  const key = infoOf(publicKeyOf(publicPart))
  const certificate = drafted({
    issuer: by.name,
    subject: nameOf(wanted.subject),
    key,
    terms,
    extensions: [...wantedExtensions(wanted), ...keyIdentifiers(keyIdentifier(key), by.identifier)],
    algorithm: signatureAlgorithm(by.publicPart),
  })
  return signed(certificate, await signatureOver(derOf(certificate), by.publicPart, by.sign))
}
