import { keyUsages } from '@cardea/contract/vault/certificates'
import * as asn1 from '@peculiar/asn1-x509'
import { Fault } from '../fault.ts'
import { generalNames } from './alternative-names.ts'
import { extension } from './structure.ts'
import { nameOf } from './subject.ts'
import type { Wanted } from './wanted.ts'

/** What is asked of a certificate, as extensions in the order that Key Vault has them. What is empty isn't there. */
export function wantedExtensions({ subject, sans, keyUsage, ekus, ca }: Wanted): asn1.Extension[] {
  const names = generalNames(sans)
  const flags = keyUsages.reduce((sum, name, bit) => (keyUsage.includes(name) ? sum | (1 << bit) : sum), 0)
  return [
    ...(flags > 0 ? [extension(asn1.id_ce_keyUsage, new asn1.KeyUsage(flags), 'critical')] : []),
    // An authority's must be critical (RFC 5280, 4.2.1.9); that of others isn't with Key Vault.
    extension(asn1.id_ce_basicConstraints, new asn1.BasicConstraints({ cA: ca }), ca ? 'critical' : undefined),
    ...(ekus.length > 0 ? [extension(asn1.id_ce_extKeyUsage, new asn1.ExtendedKeyUsage([...ekus]))] : []),
    // Where there is no subject these names are all there is, so nobody may overlook them (RFC 5280, 4.1.2.6).
    ...(names.length > 0
      ? [
          extension(
            asn1.id_ce_subjectAltName,
            new asn1.SubjectAlternativeName(names),
            subject.trim() === '' ? 'critical' : undefined,
          ),
        ]
      : []),
  ]
}

const ekusMax = 50
const ekuCharsMax = 128
const arcMax = 2 ** 31 - 1

/** Refuses what no certificate can say, with `where` as one of `subject`, `sans`, `ekus`. Cheap: it makes no certificate. */
export function checkWanted({ subject, sans, ekus }: Pick<Wanted, 'subject' | 'sans' | 'ekus'>): void {
  const others = generalNames(sans)
  if (nameOf(subject).length === 0 && others.length === 0) {
    throw new Fault('invalid', 'A certificate names something: give a subject or an alternative name.', {
      where: 'subject',
    })
  }
  if (ekus.length > ekusMax) {
    throw new Fault('invalid', `A certificate has at most ${ekusMax} extended key usages.`, { where: 'ekus' })
  }
  if (!ekus.every(isObjectIdentifier)) {
    throw new Fault('invalid', 'An extended key usage is an object identifier such as 1.3.6.1.5.5.7.3.1.', {
      where: 'ekus',
    })
  }
}

function isObjectIdentifier(text: string): boolean {
  if (text.length > ekuCharsMax || !/^[012](\.(0|[1-9]\d*)){2,}$/.test(text)) return false
  const [root = 0, second = 0, ...others] = text.split('.').map(Number)
  return (root === 2 || second < 40) && [second, ...others].every((arc) => arc <= arcMax)
}
