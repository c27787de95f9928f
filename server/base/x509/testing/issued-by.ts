import { AsnConvert } from '@peculiar/asn1-schema'
import * as asn1 from '@peculiar/asn1-x509'
import type { PublicPart } from '../../keys/key.ts'
import { issued } from '../issue.ts'
import { publicKeyOf, type Signer } from '../signature.ts'
import { infoOf, keyIdentifier, type Terms } from '../structure.ts'
import type { Wanted } from '../wanted.ts'
import { checkWanted } from '../wanted-extensions.ts'

/** Who signs: what its own certificate says (DER), and its key. */
type Issuer = { readonly certificate: Uint8Array; readonly publicPart: PublicPart; readonly sign: Signer }

/** A certificate signed by another's key, DER: what an authority elsewhere would make; for tests. */
export async function issuedBy(
  { certificate, publicPart: issuersPart, sign }: Issuer,
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
