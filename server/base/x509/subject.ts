import { AsnConvert } from '@peculiar/asn1-schema'
import * as asn1 from '@peculiar/asn1-x509'
import { Fault } from '../fault.ts'

/**
 * X.500 names as people write them, and as certificates hold them. What is read is RFC 4514 with the looseness of those who write
 * such names for Windows and Azure: spaces around everything, `;` as well as `,`, and values in quotes. The order stays as given.
 */
type Attribute = {
  /** The first is how we write it. */
  readonly names: readonly [string, ...string[]]
  readonly type: string
  readonly charsMax: number
  /** UTF-8 unless the attribute's own syntax is narrower. */
  readonly as?: 'utf8String' | 'printableString' | 'ia5String'
  readonly pattern?: RegExp
}

const country = { charsMax: 2, as: 'printableString', pattern: /^[A-Za-z]{2}$/ } as const
const printable = { as: 'printableString', pattern: /^[A-Za-z0-9 '()+,\-./:=?]*$/ } as const

/** The attributes of RFC 5280 (appendix A, with its bounds) and RFC 4519, and those of extended validation. */
const attributes: readonly Attribute[] = [
  { names: ['CN', 'commonName'], type: '2.5.4.3', charsMax: 64 },
  { names: ['O', 'organizationName'], type: '2.5.4.10', charsMax: 64 },
  { names: ['OU', 'organizationalUnitName'], type: '2.5.4.11', charsMax: 64 },
  { names: ['L', 'localityName'], type: '2.5.4.7', charsMax: 128 },
  { names: ['S', 'ST', 'stateOrProvinceName'], type: '2.5.4.8', charsMax: 128 },
  { names: ['C', 'countryName'], type: '2.5.4.6', ...country },
  { names: ['STREET', 'streetAddress'], type: '2.5.4.9', charsMax: 128 },
  { names: ['PostalCode'], type: '2.5.4.17', charsMax: 40 },
  { names: ['DC', 'domainComponent'], type: '0.9.2342.19200300.100.1.25', charsMax: 63, as: 'ia5String' },
  { names: ['E', 'emailAddress', 'email'], type: '1.2.840.113549.1.9.1', charsMax: 255, as: 'ia5String' },
  { names: ['UID', 'userId'], type: '0.9.2342.19200300.100.1.1', charsMax: 256 },
  { names: ['SERIALNUMBER'], type: '2.5.4.5', charsMax: 64, ...printable },
  { names: ['T', 'title'], type: '2.5.4.12', charsMax: 64 },
  { names: ['SN', 'surname'], type: '2.5.4.4', charsMax: 64 },
  { names: ['G', 'GN', 'givenName'], type: '2.5.4.42', charsMax: 64 },
  { names: ['I', 'initials'], type: '2.5.4.43', charsMax: 64 },
  { names: ['generationQualifier'], type: '2.5.4.44', charsMax: 64 },
  { names: ['pseudonym'], type: '2.5.4.65', charsMax: 128 },
  { names: ['dnQualifier'], type: '2.5.4.46', charsMax: 64, ...printable },
  { names: ['Description'], type: '2.5.4.13', charsMax: 200 },
  { names: ['businessCategory'], type: '2.5.4.15', charsMax: 128 },
  { names: ['organizationIdentifier'], type: '2.5.4.97', charsMax: 200 },
  { names: ['jurisdictionC'], type: '1.3.6.1.4.1.311.60.2.1.3', ...country },
  { names: ['jurisdictionST'], type: '1.3.6.1.4.1.311.60.2.1.2', charsMax: 128 },
  { names: ['jurisdictionL'], type: '1.3.6.1.4.1.311.60.2.1.1', charsMax: 128 },
]
const byName = new Map(
  attributes.flatMap((attribute) => attribute.names.map((name) => [name.toLowerCase(), attribute])),
)
const byType = new Map(attributes.map((attribute) => [attribute.type, attribute]))

const subjectCharsMax = 200
const typePattern = /\s*(?:OID\.)?([A-Za-z][A-Za-z0-9-]*|\d+(?:\.\d+)+)\s*=\s*/iy
/** In quotes everything stands for itself, and a quote is written twice. */
const quotedPattern = /"((?:[^"]|"")*)"\s*/y
/** Without quotes a backslash stands before what would mean something else, or before two digits of a byte (RFC 4514, 2.4). */
const plainPattern = /((?:\s*(?:[^\s,;+"\\]|\\(?:[0-9A-Fa-f]{2}|[ "#+,;<=>\\])))*)\s*/y
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const controls = /[\u0000-\u001f\u007f-\u009f\ufffe\uffff]/

/** The structure of a written name; an empty one has no parts. Refuses what is no name, or too long. */
export function nameOf(text: string): asn1.Name {
  if (text.length > subjectCharsMax) throw refused(`it has more than ${subjectCharsMax} characters`)
  const parts: asn1.AttributeTypeAndValue[][] = []
  let at = 0
  const next = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at
    const match = pattern.exec(text)
    if (match === null) return undefined
    at = pattern.lastIndex
    return match[1]
  }
  if (text.trim() === '') return new asn1.Name([])
  for (let joined = false; ; ) {
    const type = next(typePattern)
    if (type === undefined) throw refused('each part is TYPE=value')
    const attribute = byName.get(type.toLowerCase()) ?? byType.get(type)
    if (attribute === undefined) throw refused('it has an attribute of an unknown type')
    const quoted = next(quotedPattern)
    const value = quoted?.replaceAll('""', '"') ?? unescaped(next(plainPattern) ?? '')
    const part = new asn1.AttributeTypeAndValue({ type: attribute.type, value: attributeValue(attribute, value) })
    if (joined) parts.at(-1)?.push(part)
    else parts.push([part])
    if (at === text.length) break
    const separator = text[at++] as string
    if (!',;+'.includes(separator)) throw refused('a value with special characters is not escaped')
    joined = separator === '+'
  }
  return new asn1.Name(parts.map((several) => new asn1.RelativeDistinguishedName(inOrder(several))))
}

/** How a name is written: as `nameOf` takes it, or would if it knew all types. */
export function textOfName(name: asn1.Name): string {
  return Array.from(name, (part) => Array.from(part, textOfPart).join(' + ')).join(', ')
}

function textOfPart({ type, value }: asn1.AttributeTypeAndValue): string {
  const name = byType.get(type)?.names[0] ?? `OID.${type}`
  const text = value.anyValue === undefined ? value.toString() : ''
  if (text === '' || controls.test(text)) {
    return `${name}=#${Buffer.from(AsnConvert.serialize(value)).toString('hex').toUpperCase()}`
  }
  return /[,;+="<>#\\\n]|^\s|\s$/.test(text) ? `${name}="${text.replaceAll('"', '""')}"` : `${name}=${text}`
}

function unescaped(text: string): string {
  if (text.startsWith('#')) throw refused('values in hexadecimal are not taken')
  return text.replaceAll(/(?:\\[0-9A-Fa-f]{2})+|\\(.)/g, (match, special: string | undefined) => {
    if (special !== undefined) return special
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(match.replaceAll('\\', ''), 'hex'))
    } catch {
      throw refused('its escaped bytes are not UTF-8')
    }
  })
}

function attributeValue({ names, charsMax, as = 'utf8String', pattern }: Attribute, text: string): asn1.AttributeValue {
  if (text === '') throw refused(`${names[0]} has no value`)
  if (!text.isWellFormed() || controls.test(text)) throw refused(`${names[0]} has characters that can't be written`)
  if ([...text].length > charsMax) throw refused(`${names[0]} has more than ${charsMax} characters`)
  if (pattern?.test(text) === false || (as === 'ia5String' && /[^\x20-\x7e]/.test(text))) {
    throw refused(`${names[0]} has characters that it may not have`)
  }
  return new asn1.AttributeValue({ [as]: text })
}

/** DER has the members of a set in the order of their bytes (X.690, 11.6). */
const inOrder = (parts: readonly asn1.AttributeTypeAndValue[]): asn1.AttributeTypeAndValue[] =>
  parts
    .map((part) => ({ part, bytes: Buffer.from(AsnConvert.serialize(part)) }))
    .sort((one, other) => Buffer.compare(one.bytes, other.bytes))
    .map(({ part }) => part)

const refused = (why: string): Fault =>
  new Fault('invalid', `The subject name provided is not a valid X500 name: ${why}.`, { where: 'subject' })
