import { isIP } from 'node:net'
import { AsnConvert } from '@peculiar/asn1-schema'
import * as asn1 from '@peculiar/asn1-x509'
import { Fault } from '../fault.ts'
import type { AlternativeKind, AlternativeNames } from './wanted.ts'

/** Alternative names (RFC 5280, 4.2.1.6), between plain lists and the structure. */
type Kind = {
  /** What it should be, for who gave something else. */
  readonly says: string
  readonly charsMax: number
  fits(text: string): boolean
  into(text: string): asn1.GeneralName
  from(name: asn1.GeneralName): string | undefined
}

const namesMax = 100
/** A user's name in Active Directory; smart cards and clients' certificates have it. */
const userPrincipalName = '1.3.6.1.4.1.311.20.2.3'
const domain = /^([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i

const kinds: Readonly<Record<AlternativeKind, Kind>> = {
  dnsNames: {
    says: 'A DNS name is a host’s, perhaps with * as its first label, and in ASCII (xn--…) whatever its language.',
    // 255 octets with the lengths of its labels (RFC 1035, 2.3.4).
    charsMax: 253,
    fits: (text) => isIP(text) === 0 && domain.test(text.startsWith('*.') ? text.slice(2) : text),
    into: (dNSName) => new asn1.GeneralName({ dNSName }),
    from: ({ dNSName }) => dNSName,
  },
  emails: {
    says: 'A mail address is in ASCII and has one @.',
    // 256 octets between angle brackets (RFC 5321, 4.5.3.1.3).
    charsMax: 254,
    fits: (text) => {
      const [, host] = /^[!#-'*+\-/-9=?A-Z^-~.]{1,64}@([^@]+)$/.exec(text) ?? []
      return host !== undefined && domain.test(host)
    },
    into: (rfc822Name) => new asn1.GeneralName({ rfc822Name }),
    from: ({ rfc822Name }) => rfc822Name,
  },
  upns: {
    says: 'A UPN is the name of a user, such as ann@example.com.',
    // Active Directory's own bound.
    charsMax: 1024,
    fits: (text) => text.isWellFormed() && !/\p{Cc}/u.test(text),
    into: (utf8String) => {
      const value = AsnConvert.serialize(new asn1.AttributeValue({ utf8String }))
      return new asn1.GeneralName({ otherName: new asn1.OtherName({ typeId: userPrincipalName, value }) })
    },
    from: ({ otherName }) => {
      if (otherName?.typeId !== userPrincipalName) return undefined
      // UTF-8 by the book; older authorities wrote other strings.
      return AsnConvert.parse(otherName.value, asn1.AttributeValue).toString()
    },
  },
  uris: {
    says: 'A URI has its scheme, and is in ASCII.',
    // No standard bounds it; what is longer, clients don't read.
    charsMax: 2048,
    fits: (text) => /^[a-z][a-z0-9+.-]*:[\x21-\x7e]+$/i.test(text),
    into: (uniformResourceIdentifier) => new asn1.GeneralName({ uniformResourceIdentifier }),
    from: ({ uniformResourceIdentifier }) => uniformResourceIdentifier,
  },
  ipAddresses: {
    says: 'An IP address is of version 4 or 6, without a zone or a prefix.',
    // The longest way to write one: version 6 with the end in version 4's way.
    charsMax: 45,
    fits: (text) => isIP(text) !== 0 && !text.includes('%'),
    into: (text) => new asn1.GeneralName({ iPAddress: canonicalAddress(text) }),
    from: ({ iPAddress }) => (iPAddress !== undefined && isIP(iPAddress) !== 0 ? iPAddress : undefined),
  },
}
const named = Object.entries(kinds) as [AlternativeKind, Kind][]

/** The structure of alternative names. Refuses what can't be such a name. */
export function generalNames(sans: AlternativeNames = {}): asn1.GeneralName[] {
  const names = named.flatMap(([kind, { says, charsMax, fits, into }]) =>
    (sans[kind] ?? []).map((text) => {
      if (text === '' || text.length > charsMax || !fits(text)) {
        throw new Fault('invalid', `An alternative name is not good. ${says}`, { where: 'sans' })
      }
      return into(text)
    }),
  )
  if (names.length <= namesMax) return names
  throw new Fault('invalid', `A certificate has at most ${namesMax} alternative names.`, { where: 'sans' })
}

/** The names of the kinds that we speak of, each kind only if there is one. */
export function alternativeNames(names: Iterable<asn1.GeneralName>): AlternativeNames {
  // The structures are arrays of classes of their own, and so is what their `map` makes.
  const all = Array.from(names)
  const lists = named.map(([kind, { from }]) => [kind, all.flatMap((name) => from(name) ?? [])] as const)
  return Object.fromEntries(lists.filter(([, list]) => list.length > 0))
}

/** The shortest way to write an address, which is how it is read again: 2001:db8::1 and not 2001:0db8:0::1. */
const canonicalAddress = (text: string): string =>
  isIP(text) === 6 ? new URL(`http://[${text}]`).hostname.slice(1, -1) : text
