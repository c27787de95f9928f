import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  X509Certificate,
} from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { join } from 'node:path'
import { AsnConvert } from '@peculiar/asn1-schema'
import * as asn1 from '@peculiar/asn1-x509'
import { privateFolder, readPrivate, writeFirst, writePrivate } from './private-files.ts'
import {
  bytesOf,
  type Draft,
  derOf,
  drafted,
  extension,
  infoOf,
  keyIdentifier,
  keyIdentifiers,
  newSerial,
  signed,
  type Terms,
} from './x509/structure.ts'

/**
 * The development certificate authority: what lets a laptop speak TLS as the production names, without asking anybody.
 *
 * Its key can vouch for TLS servers under one domain and for nothing else: the limits stand in the certificate that
 * clients trust, so whoever steals the key gains no other name. The authority itself is never replaced behind the
 * operator's back, because clients trust it by hand; the server's certificate is disposable and made anew at need.
 */
export type Authority = {
  /** Where `ca.pem` is, for clients that take a file. */
  readonly caFile: string
  readonly ca: string
  /** The certificate to serve with at this moment: the kept one, or a new one when that is nearly over. */
  serverCertificate(at: Date): Promise<ServerCertificate>
}

type ServerCertificate = {
  /** The server's own certificate, followed by the authority's. */
  readonly cert: string
  readonly key: string
  readonly expires: Date
  readonly renewed: boolean
}

type Issuer = { readonly pem: string; readonly certificate: X509Certificate; readonly key: KeyObject }

const hour = 3_600_000
const day = 24 * hour
const authorityDays = 3652
const serverDays = 90
const renewalDays = 30

/** A wildcard stands for one label, so every floor of names needs its own. */
const serverNames = (domain: string) => [
  domain,
  ...['login', 'management', 'graph', 'portal', '*.vault', '*.config'].map((label) => `${label}.${domain}`),
]

/** Opens the authority kept in a folder, or makes it on the first start. */
export async function openAuthority(folder: string, domain: string, at: Date): Promise<Authority> {
  const name = domain.toLowerCase()
  if (!isDomain(name)) throw new Error(`"${domain}" can't be Cardea's domain: give a name like cardea.internal.`)
  privateFolder(folder, 'ca.key')
  const issuer = openIssuer(folder, name, at)
  return {
    caFile: join(folder, 'ca.pem'),
    ca: issuer.pem,
    serverCertificate: async (now) => serverCertificate(folder, name, issuer, now),
  }
}

/** Two labels at least: an authority for all of `internal` would hardly be limited. */
const isDomain = (name: string) => name.length <= 200 && isIP(name) === 0 && domainPattern.test(name)
const domainPattern = /^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/

function openIssuer(folder: string, domain: string, at: Date): Issuer {
  const caFile = join(folder, 'ca.pem')
  const keyFile = join(folder, 'ca.key')
  const anew = `remove ${caFile} and ${keyFile} to begin anew; every client must then trust the new ca.pem.`
  const refuse = (what: string, cause?: unknown) => new Error(what, { cause })

  // The key is kept before the certificate, so a first start that was cut short leaves a key alone, and the next start
  // goes on with it. A certificate alone is a loss.
  if (existsSync(caFile) && !existsSync(keyFile)) {
    throw refuse(`${keyFile} is missing. Restore it from a backup, or ${anew}`)
  }
  const key = parsed(createPrivateKey, keepFirst(keyFile, readPrivate, newKey), (cause) =>
    refuse(`${keyFile} is damaged: it holds no whole private key. Restore it from a backup, or ${anew}`, cause),
  )
  const pem = keepFirst(caFile, readIfThere, () => authorityCertificate(domain, key, at), 0o644)
  const certificate = parsed(
    (text) => new X509Certificate(text),
    pem,
    (cause) =>
      refuse(`${caFile} is damaged: it holds no whole certificate. Restore it from a backup, or ${anew}`, cause),
  )

  const permitted = domainPermittedBy(certificate)
  if (permitted !== domain) {
    const owner = permitted === undefined ? 'is not an authority that Cardea made' : `is the authority of ${permitted}`
    throw refuse(`${caFile} ${owner}, not of ${domain}. Keep each domain in a folder of its own, or ${anew}`)
  }
  if (!certificate.checkPrivateKey(key)) {
    throw refuse(`${keyFile} doesn't belong to ${caFile}. Restore the one that does, or ${anew}`)
  }
  if (at >= certificate.validToDate) throw refuse(`${caFile} expired on ${certificate.validTo}: ${anew}`)
  return { pem, certificate, key }
}

function serverCertificate(folder: string, domain: string, issuer: Issuer, at: Date): ServerCertificate {
  const certFile = join(folder, 'server.pem')
  const keyFile = join(folder, 'server.key')
  const kept = usable(readIfThere(certFile), readIfThere(keyFile), domain, issuer, at)
  if (kept !== undefined) return { ...kept, renewed: false }

  const key = newKey()
  const certificate = leafCertificate(domain, createPublicKey(key), issuer, at)
  const cert = certificate.toString() + issuer.pem
  writePrivate(keyFile, key)
  writePrivate(certFile, cert)
  return { cert, key, expires: certificate.validToDate, renewed: true }
}

/** What is kept, if it can still serve. Anything wrong with it is answered by a new one: nobody trusts it by hand. */
function usable(cert: string | undefined, key: string | undefined, domain: string, issuer: Issuer, at: Date) {
  if (cert === undefined || key === undefined) return undefined
  try {
    const certificate = new X509Certificate(cert)
    const expires = certificate.validToDate
    // Near the authority's own end a new certificate could live no longer than the kept one.
    const lasts = +expires - +at > renewalDays * day || expires >= issuer.certificate.validToDate
    const serves =
      certificate.verify(issuer.certificate.publicKey) &&
      certificate.checkPrivateKey(createPrivateKey(key)) &&
      certificate.subjectAltName ===
        serverNames(domain)
          .map((name) => `DNS:${name}`)
          .join(', ') &&
      certificate.validFromDate <= at &&
      at < expires
    return lasts && serves ? { cert: certificate.toString() + issuer.pem, key, expires } : undefined
  } catch {
    return undefined
  }
}

// ── Certificates

function authorityCertificate(domain: string, key: KeyObject, at: Date): string {
  const { KeyUsageFlags: may } = asn1
  const own = infoOf(createPublicKey(key))
  const name = nameUnder(domain, 'Cardea development CA')
  const certificate = issue(key, {
    issuer: name,
    subject: name,
    key: own,
    terms: termsFrom(at, new Date(+at + authorityDays * day)),
    extensions: [
      extension(asn1.id_ce_basicConstraints, new asn1.BasicConstraints({ cA: true, pathLenConstraint: 0 }), 'critical'),
      extension(asn1.id_ce_keyUsage, new asn1.KeyUsage(may.keyCertSign | may.cRLSign), 'critical'),
      extension(asn1.id_ce_extKeyUsage, new asn1.ExtendedKeyUsage([asn1.id_kp_serverAuth])),
      extension(asn1.id_ce_nameConstraints, onlyUnder(domain), 'critical'),
      extension(asn1.id_ce_subjectKeyIdentifier, new asn1.SubjectKeyIdentifier(keyIdentifier(own))),
    ],
  })
  return certificate.toString()
}

function leafCertificate(domain: string, publicKey: KeyObject, issuer: Issuer, at: Date): X509Certificate {
  const end = issuer.certificate.validToDate
  if (at >= end) throw new Error(`Cardea's development authority expired on ${end.toISOString()}: make a new one.`)
  const key = infoOf(publicKey)
  const names = serverNames(domain).map((dNSName) => new asn1.GeneralName({ dNSName }))
  return issue(issuer.key, {
    issuer: structureOf(issuer.certificate).subject,
    subject: nameUnder(domain, 'Cardea'),
    key,
    terms: termsFrom(at, new Date(Math.min(+at + serverDays * day, +end))),
    extensions: [
      extension(asn1.id_ce_basicConstraints, new asn1.BasicConstraints({ cA: false }), 'critical'),
      extension(asn1.id_ce_keyUsage, new asn1.KeyUsage(asn1.KeyUsageFlags.digitalSignature), 'critical'),
      extension(asn1.id_ce_extKeyUsage, new asn1.ExtendedKeyUsage([asn1.id_kp_serverAuth])),
      extension(asn1.id_ce_subjectAltName, new asn1.SubjectAlternativeName(names)),
      ...keyIdentifiers(keyIdentifier(key), keyIdentifier(infoOf(issuer.certificate.publicKey))),
    ],
  })
}

function issue(key: KeyObject, draft: Omit<Draft, 'algorithm'>): X509Certificate {
  const certificate = drafted({ ...draft, algorithm: new asn1.AlgorithmIdentifier({ algorithm: ecdsaWithSha256 }) })
  return new X509Certificate(signed(certificate, bytesOf(sign('sha256', derOf(certificate), key))))
}

const ecdsaWithSha256 = '1.2.840.10045.4.3.2'
const commonName = '2.5.4.3'
const domainComponent = '0.9.2342.19200300.100.1.25'

const newKey = () =>
  generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  }).privateKey

/** From an hour back, for clients whose clocks run late. */
const termsFrom = (at: Date, notAfter: Date): Terms => ({
  notBefore: new Date(+at - hour),
  notAfter,
  serial: newSerial(),
})

/** The domain as domain components (RFC 2247): a common name holds 64 characters at most, and a domain can be longer. */
function nameUnder(domain: string, common: string): asn1.Name {
  const part = (type: string, value: asn1.AttributeValue) =>
    new asn1.RelativeDistinguishedName([new asn1.AttributeTypeAndValue({ type, value })])
  return new asn1.Name([
    ...domain
      .split('.')
      .reverse()
      .map((label) => part(domainComponent, new asn1.AttributeValue({ ia5String: label }))),
    part(commonName, new asn1.AttributeValue({ utf8String: common })),
  ])
}

/** The domain and what is under it, and no address: a limit on DNS names alone leaves IP addresses free. */
function onlyUnder(domain: string): asn1.NameConstraints {
  const subtrees = (...names: Partial<asn1.GeneralName>[]) =>
    new asn1.GeneralSubtrees(names.map((name) => new asn1.GeneralSubtree({ base: new asn1.GeneralName(name) })))
  return new asn1.NameConstraints({
    permittedSubtrees: subtrees({ dNSName: domain }),
    excludedSubtrees: subtrees({ iPAddress: '0.0.0.0/0' }, { iPAddress: '::/0' }),
  })
}

function domainPermittedBy(certificate: X509Certificate): string | undefined {
  const limits = structureOf(certificate).extensions?.find(({ extnID }) => extnID === asn1.id_ce_nameConstraints)
  if (limits === undefined) return undefined
  const { permittedSubtrees } = AsnConvert.parse(limits.extnValue, asn1.NameConstraints)
  return permittedSubtrees?.length === 1 ? permittedSubtrees[0]!.base.dNSName : undefined
}

const structureOf = (certificate: X509Certificate) => AsnConvert.parse(certificate.raw, asn1.Certificate).tbsCertificate

function parsed<T>(parse: (text: string) => T, text: string, refusal: (cause: unknown) => Error): T {
  try {
    return parse(text)
  } catch (error) {
    throw refusal(error)
  }
}

// ── Files

/** The file's text; made first if there is none. Of two processes that begin at once, both get what the first kept. */
function keepFirst(
  file: string,
  read: (file: string) => string | undefined,
  make: () => string,
  mode?: number,
): string {
  if (read(file) === undefined) writeFirst(file, make(), mode)
  return read(file) ?? ''
}

const readIfThere = (file: string): string | undefined => (existsSync(file) ? readFileSync(file, 'utf8') : undefined)
