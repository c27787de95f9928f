import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash, generateKeyPairSync, randomInt, sign, X509Certificate } from 'node:crypto'
import { describe, it } from 'node:test'
import { rootCertificates } from 'node:tls'
import { keyUsages } from '@cardea/contract/vault/certificates'
import * as asn1 from '@peculiar/asn1-x509'
import { Fault } from '../fault.ts'
import { generated } from '../keys/software-key.ts'
import { orderChain, readCertificate } from './certificate.ts'
import { selfSigned } from './issue.ts'
import { bytesOf, derOf, drafted, infoOf, newSerial, signed } from './structure.ts'
import { nameOf } from './subject.ts'
import { issuedBy } from './testing/issued-by.ts'
import { signerOf } from './testing/signer.ts'
import { type AlternativeKind, alternativeKinds, type Wanted } from './wanted.ts'

const ec = generated({ type: 'EC', curve: 'P-256' })
const rsa = generated({ type: 'RSA', bits: 2048 })
const terms = () => ({
  notBefore: new Date('2026-01-02T03:04:05Z'),
  notAfter: new Date('2056-01-02T03:04:05Z'),
  serial: newSerial(),
})
const plain: Wanted = { subject: 'CN=plain', keyUsage: [], ekus: [], ca: false }

const pick = <T>(list: readonly T[]): T => list[randomInt(list.length)] as T
const some = <T>(list: readonly T[]): T[] => list.filter(() => randomInt(2) === 0)
const label = (): string =>
  Array.from({ length: randomInt(1, 12) }, () => pick([...'abcdefghijklmnopqrstuvwxyz0123456789'])).join('')
const word = (): string =>
  Array.from({ length: randomInt(1, 16) }, () => pick([...'aZ09äß中😀 ,;+="\\<>#-._@/'])).join('')

/** A value as the reader writes it. */
function written(): string {
  const text = word()
  return /[,;+="<>#\\]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
function randomSubject(): string {
  const part = () => `${pick(['CN', 'O', 'OU', 'L', 'S', 'STREET', 'T'])}=${written()}`
  const parts = [
    'CN=web',
    ...Array.from({ length: randomInt(4) }, part),
    ...some(['C=DE', 'DC=example', 'E=a@example.com']),
  ]
  return parts.join(', ')
}
const makers: Record<AlternativeKind, () => string> = {
  dnsNames: () => `${pick(['', '*.', 'www.'])}${label()}.${label()}`,
  emails: () => `${label()}+x@${label()}.example`,
  upns: () => `${word()}@${label()}`,
  uris: () => `${pick(['https', 'urn', 'spiffe'])}:${label()}/%20?x=${label()}`,
  ipAddresses: () =>
    pick([
      `${randomInt(256)}.${randomInt(256)}.0.${randomInt(256)}`,
      '::',
      '::1',
      `2001:db8::${randomInt(1, 65536).toString(16)}`,
      'fe80::1:0:0:1',
      '1:2:3:4:5:6:7:8',
      '::ffff:102:304',
    ]),
}
function randomWanted(): Wanted {
  const kinds = some(alternativeKinds)
  return {
    subject: randomSubject(),
    sans: Object.fromEntries(kinds.map((kind) => [kind, Array.from({ length: randomInt(1, 4) }, makers[kind])])),
    keyUsage: some(keyUsages),
    ekus: some([
      '1.3.6.1.5.5.7.3.1',
      '1.3.6.1.5.5.7.3.2',
      '1.3.6.1.4.1.311.20.2.2',
      '2.5.29.37.0',
      '2.999.2147483647',
      '0.0.1',
    ]),
    ca: randomInt(2) === 0,
  }
}

describe('a certificate that is read', () => {
  it('says again what was wanted of it, whatever that was', async () => {
    for (let round = 0; round < 150; round++) {
      const wanted = randomWanted()
      const { serial, ...times } = terms()
      const der = await selfSigned(wanted, ec.publicPart, signerOf(ec), { ...times, serial })
      assert.deepEqual(readCertificate(der), {
        ...wanted,
        ...times,
        issuer: wanted.subject,
        serial: serial.toString('hex'),
        publicPart: ec.publicPart,
        thumbprint: createHash('sha1').update(der).digest('base64url'),
      })
    }
  })

  it('has its names in one way of writing, however loosely they were asked for', async () => {
    const ways: [asked: string, read: string][] = [
      ['cn = web ;o=Example', 'CN=web, O=Example'],
      ['CN=a\\, b,O=c', 'CN="a, b", O=c'],
      ['CN="say ""hi"""', 'CN="say ""hi"""'],
      ['CN=J\\C3\\BCrgen', 'CN=Jürgen'],
      ['CN=\\ a\\ ', 'CN=" a "'],
      ['OU=z+CN=a', 'CN=a + OU=z'],
      ['ST=Bayern, 2.5.4.6=de, OID.2.5.4.10=x', 'S=Bayern, C=de, O=x'],
      ['emailAddress=a@b.c, CN=a=b', 'E=a@b.c, CN="a=b"'],
    ]
    for (const [subject, read] of ways) {
      const der = await selfSigned({ ...plain, subject }, ec.publicPart, signerOf(ec), terms())
      assert.equal(readCertificate(der).subject, read)
      const again = await selfSigned({ ...plain, subject: read }, ec.publicPart, signerOf(ec), terms())
      assert.equal(readCertificate(again).subject, read)
    }
    const sans = { ipAddresses: ['2001:0DB8:0:0::1', '::ffff:1.2.3.4'] }
    const der = await selfSigned({ ...plain, sans }, ec.publicPart, signerOf(ec), terms())
    assert.deepEqual(readCertificate(der).sans, { ipAddresses: ['2001:db8::1', '::ffff:102:304'] })
  })

  it('may be anybody’s', () => {
    for (const pem of rootCertificates) {
      const certificate = new X509Certificate(pem)
      const read = readCertificate(certificate.raw)
      assert.equal(+read.notAfter, +certificate.validToDate)
      assert.equal(read.ca, certificate.ca)
      assert.match(read.subject, /^[A-Z]+=/i)
      assert.doesNotMatch(read.subject, /OID\.|=#/)
      assert.ok(read.publicPart !== undefined)
    }
  })

  it('may have names and keys that we know nothing of', () => {
    const der = execFileSync(
      'openssl',
      [
        'req',
        '-x509',
        '-newkey',
        'ed25519',
        '-nodes',
        '-keyout',
        '/dev/null',
        '-outform',
        'DER',
        '-addext',
        'subjectAltName=DNS:a.b,RID:1.2.3.4,dirName:d,otherName:1.2.3.4;UTF8:x',
        '-config',
        '-',
      ],
      {
        input: '[req]\ndistinguished_name=n\nprompt=no\n[n]\nCN=x\n1.1.2.3.4=odd\n[d]\nCN=x\n',
        stdio: ['pipe', 'pipe', 'ignore'],
      },
    )
    const read = readCertificate(der)
    assert.equal(read.subject, 'CN=x, OID.1.2.3.4=odd')
    assert.deepEqual(read.sans, { dnsNames: ['a.b'] })
    assert.equal(read.publicPart, undefined)
  })

  it('is refused if it is damaged, and never takes long', async () => {
    const sans = { dnsNames: ['a.b'], upns: ['ü'], ipAddresses: ['::1'] }
    const ekus = ['1.3.6.1.5.5.7.3.1']
    const der = await selfSigned(
      { ...plain, sans, ekus, keyUsage: ['cRLSign'] },
      rsa.publicPart,
      signerOf(rsa),
      terms(),
    )
    let [refused, slowest] = [0, 0]
    for (let round = 0; round < 1500; round++) {
      const bad = Buffer.from(der)
      for (let change = randomInt(1, 4); change > 0; change--) bad[randomInt(bad.length)] = randomInt(256)
      const mutant = round % 10 === 0 ? bad.subarray(0, randomInt(bad.length)) : bad
      const began = performance.now()
      try {
        readCertificate(mutant)
      } catch (error) {
        if (!(error instanceof Fault) || error.code !== 'invalid') throw error
        refused++
      }
      slowest = Math.max(slowest, performance.now() - began)
    }
    assert.ok(refused > 200, `only ${refused} were refused`)
    assert.ok(slowest < 5000, `${slowest} ms`)
    const nested = Buffer.concat([...Array.from({ length: 5000 }, () => Buffer.of(0x30, 0x80)), der])
    for (const none of [
      Buffer.alloc(0),
      Buffer.from('text'),
      Buffer.concat([der, Buffer.of(0)]),
      Buffer.alloc(70_000),
      nested,
    ]) {
      assert.throws(() => readCertificate(none), { code: 'invalid' })
    }
    assert.throws(() => readCertificate(Buffer.from(new X509Certificate(der).toString())), { code: 'invalid' })
  })
})

describe('a chain', () => {
  it('begins with the certificate of the key, and each is followed by its issuer', async () => {
    const root = generated({ type: 'EC', curve: 'P-384' })
    const middle = generated({ type: 'EC', curve: 'P-256' })
    const ca = (subject: string): Wanted => ({ subject, keyUsage: ['keyCertSign'], ekus: [], ca: true })
    const rootDer = await selfSigned(ca('CN=Root'), root.publicPart, signerOf(root), terms())
    const rootIssuer = { certificate: rootDer, publicPart: root.publicPart, sign: signerOf(root) }
    const middleDer = await issuedBy(rootIssuer, ca('CN=Middle'), middle.publicPart, terms())
    const middleIssuer = { certificate: middleDer, publicPart: middle.publicPart, sign: signerOf(middle) }
    const leafDer = await issuedBy(middleIssuer, plain, rsa.publicPart, terms())
    const stranger = await selfSigned(plain, ec.publicPart, signerOf(ec), terms())
    // The same name as the true issuer's, another key.
    const false_ = await selfSigned(ca('CN=Middle'), ec.publicPart, signerOf(ec), terms())

    assert.deepEqual(orderChain(rsa.publicPart, [stranger, rootDer, false_, leafDer, middleDer]), [
      leafDer,
      middleDer,
      rootDer,
      stranger,
      false_,
    ])
    assert.deepEqual(orderChain(ec.publicPart, [stranger]), [stranger])
    assert.throws(() => orderChain(ec.publicPart, [rootDer, leafDer]), { code: 'invalid' })
    assert.throws(() => orderChain(ec.publicPart, []), { code: 'invalid' })
  })

  it('is not worked on for long', () => {
    // All have one name and no identifiers, and each is signed by the next: only verifying tells who is whose.
    const pairs = Array.from({ length: 30 }, () => generateKeyPairSync('ec', { namedCurve: 'P-256' }))
    const name = nameOf('CN=Same')
    const algorithm = new asn1.AlgorithmIdentifier({ algorithm: '1.2.840.10045.4.3.2' })
    const alike = pairs.map(({ publicKey, privateKey }, at) => {
      const signing = pairs[at + 1]?.privateKey ?? privateKey
      const [issuer, subject, key] = [name, name, infoOf(publicKey)]
      const certificate = drafted({ issuer, subject, key, terms: terms(), extensions: [], algorithm })
      return signed(certificate, bytesOf(sign('sha256', derOf(certificate), signing)))
    })
    const leafKey = readCertificate(alike[0] as Buffer).publicPart
    assert.ok(leafKey !== undefined)
    assert.deepEqual(orderChain(leafKey, alike), alike)
    assert.throws(() => orderChain(leafKey, alike.toReversed()), { code: 'invalid', message: /same names/ })
  })
})
