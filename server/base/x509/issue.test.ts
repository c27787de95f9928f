import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { mkdtempDisposable, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { AsymmetricShape } from '../keys/key.ts'
import { generated } from '../keys/software-key.ts'
import { selfSigned } from './issue.ts'
import { certificationRequest } from './request.ts'
import { newSerial } from './structure.ts'
import { issuedBy } from './testing/issued-by.ts'
import { signerOf } from './testing/signer.ts'
import type { Wanted } from './wanted.ts'

const shapes: readonly AsymmetricShape[] = [
  { type: 'RSA', bits: 2048 },
  ...(['P-256', 'P-256K', 'P-384', 'P-521'] as const).map((curve) => ({ type: 'EC', curve }) as const),
]
const ec = generated({ type: 'EC', curve: 'P-256' })

const wanted: Wanted = {
  subject: 'CN=web.example.com, O="Example, Inc.", C=DE',
  sans: {
    dnsNames: ['web.example.com', '*.web.example.com'],
    emails: ['ops@example.com'],
    upns: ['jürgen@example.com'],
    uris: ['https://web.example.com/x'],
    ipAddresses: ['192.0.2.7', '2001:db8::1'],
  },
  keyUsage: ['digitalSignature', 'keyEncipherment'],
  ekus: ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2'],
  ca: false,
}
const plain: Wanted = { subject: 'CN=plain', keyUsage: [], ekus: [], ca: false }
const terms = (notBefore = new Date('2026-01-02T03:04:05Z'), notAfter = new Date('2027-01-02T03:04:05Z')) => ({
  notBefore,
  notAfter,
  serial: newSerial(),
})

/** What OpenSSL says of it; it fails if OpenSSL does. */
function openssl(args: readonly string[], input?: Uint8Array): string {
  const { status, stdout, stderr } = spawnSync('openssl', args, input === undefined ? {} : { input })
  assert.equal(status, 0, stderr.toString())
  return stdout.toString() + stderr.toString()
}

describe('a certificate of ours', () => {
  for (const shape of shapes) {
    it(`is signed with ${shape.type === 'RSA' ? 'RSA' : shape.curve}, and its request too`, async () => {
      const key = generated(shape)
      const request = await certificationRequest(wanted, key.publicPart, signerOf(key))
      assert.match(openssl(['req', '-inform', 'DER', '-verify', '-noout'], request), /verify OK/i)
      const certificate = new X509Certificate(await selfSigned(wanted, key.publicPart, signerOf(key), terms()))
      assert.ok(certificate.verify(certificate.publicKey))
      assert.ok(
        certificate.checkPrivateKey(createPrivateKey({ key: Buffer.from(key.secret), format: 'der', type: 'pkcs8' })),
      )
    })
  }

  it('says what was wanted, in the order of Key Vault', async () => {
    const der = await selfSigned(wanted, ec.publicPart, signerOf(ec), terms())
    const text = openssl(['x509', '-inform', 'DER', '-noout', '-text', '-nameopt', 'RFC2253,utf8'], der)
    const extensions = [...text.matchAll(/^ {12}(X509v3 [^:]+): ?(critical)?$/gm)].map(
      ([, name, mark = '']) => name + mark,
    )
    assert.deepEqual(extensions, [
      'X509v3 Key Usagecritical',
      'X509v3 Basic Constraints',
      'X509v3 Extended Key Usage',
      'X509v3 Subject Alternative Name',
      'X509v3 Authority Key Identifier',
      'X509v3 Subject Key Identifier',
    ])
    assert.match(text, /Digital Signature, Key Encipherment\n/)
    assert.match(text, /CA:FALSE/)
    assert.match(text, /Not Before: Jan {2}2 03:04:05 2026 GMT/)
    assert.match(
      text,
      /DNS:web\.example\.com, DNS:\*\.web\.example\.com, email:ops@example\.com, othername: UPN::jürgen@example\.com, URI:https:\/\/web\.example\.com\/x, IP Address:192\.0\.2\.7, IP Address:2001:DB8:0:0:0:0:0:1\n/,
    )
    assert.match(text, /Subject: C=DE,O=Example\\, Inc\.,CN=web\.example\.com\n/)
  })

  it('is asked for with all that it is to say', async () => {
    const der = await certificationRequest(wanted, ec.publicPart, signerOf(ec))
    const text = openssl(['req', '-inform', 'DER', '-noout', '-text', '-nameopt', 'RFC2253,utf8'], der)
    for (const part of [/Key Encipherment/, /CA:FALSE/, /TLS Web Server/, /DNS:web\.example\.com/, /C=DE,O=Example/]) {
      assert.match(text, part)
    }
  })

  it('says nothing that was not asked', async () => {
    const der = await selfSigned(plain, ec.publicPart, signerOf(ec), terms())
    const text = openssl(['x509', '-inform', 'DER', '-noout', '-text'], der)
    assert.doesNotMatch(text, /Key Usage|Alternative/)
    assert.match(
      openssl(
        ['req', '-inform', 'DER', '-verify', '-noout'],
        await certificationRequest(plain, ec.publicPart, signerOf(ec)),
      ),
      /OK/,
    )
  })

  it('may have no subject, if nobody can overlook its other names', async () => {
    const nameless = { ...plain, subject: '', sans: { dnsNames: ['web.example.com'] } }
    const der = await selfSigned(nameless, ec.publicPart, signerOf(ec), terms())
    assert.match(openssl(['x509', '-inform', 'DER', '-noout', '-text'], der), /Alternative Name: critical/)
    await assert.rejects(selfSigned({ ...plain, subject: ' ' }, ec.publicPart, signerOf(ec), terms()), {
      code: 'invalid',
      particulars: { where: 'subject' },
    })
  })

  it('can last beyond 2049', async () => {
    const der = await selfSigned(plain, ec.publicPart, signerOf(ec), terms(undefined, new Date('2051-02-03T04:05:06Z')))
    assert.equal(+new X509Certificate(der).validToDate, Date.parse('2051-02-03T04:05:06Z'))
    // RFC 5280, 4.1.2.5: two digits for the year until 2049, four from then on.
    assert.ok(der.includes('260102030405Z') && der.includes('20510203040506Z'))
  })

  it('is issued by another that clients trust', async () => {
    const root = generated({ type: 'EC', curve: 'P-384' })
    const leaf = generated({ type: 'RSA', bits: 2048 })
    const ca: Wanted = { subject: 'CN=Root, O=Example', keyUsage: ['keyCertSign', 'cRLSign'], ekus: [], ca: true }
    const lasting = terms(new Date(Date.now() - 60_000), new Date(Date.now() + 86_400_000))
    const rootDer = await selfSigned(ca, root.publicPart, signerOf(root), lasting)
    const issuer = { certificate: rootDer, publicPart: root.publicPart, sign: signerOf(root) }
    const leafDer = await issuedBy(issuer, wanted, leaf.publicPart, { ...lasting, serial: newSerial() })
    assert.ok(new X509Certificate(leafDer).checkIssued(new X509Certificate(rootDer)))
    await using folder = await mkdtempDisposable(join(tmpdir(), 'cardea-x509-'))
    const [rootFile, leafFile] = [join(folder.path, 'root.pem'), join(folder.path, 'leaf.pem')]
    await writeFile(rootFile, new X509Certificate(rootDer).toString())
    await writeFile(leafFile, new X509Certificate(leafDer).toString())
    openssl([
      'verify',
      '-x509_strict',
      '-purpose',
      'sslserver',
      '-verify_hostname',
      'a.web.example.com',
      '-CAfile',
      rootFile,
      leafFile,
    ])
  })

  it('is not made with a signature that does not verify', async () => {
    const other = signerOf(generated({ type: 'EC', curve: 'P-256' }))
    await assert.rejects(selfSigned(plain, ec.publicPart, other, terms()), /does not verify/)
    await assert.rejects(
      selfSigned(plain, ec.publicPart, async () => new Uint8Array(3), terms()),
      /does not verify/,
    )
  })
})

describe('what a certificate is asked to say', () => {
  const refuses = async (change: Partial<Wanted>, where: string) =>
    assert.rejects(certificationRequest({ ...plain, ...change }, ec.publicPart, signerOf(ec)), {
      code: 'invalid',
      particulars: { where },
    })

  it('is refused where no certificate can say it', async () => {
    for (const subject of [
      'web',
      'CN',
      'CN=',
      'CN=a,',
      'CN=a,,O=b',
      '=a',
      'XX=a',
      '1.2.3.4=a',
      'CN=a"b',
      'CN="a',
      'CN="a"b',
      'CN=#0401',
      'CN=a\\',
      'CN=a\\zz',
      'CN=\\ff',
      'CN=a\u0000b',
      'CN=a\\00b',
      'C=DEU',
      'C=D1',
      'DC=ä',
      `CN=${'a'.repeat(65)}`,
      `O=a,${' '.repeat(200)}CN=b`,
      'CN=\ud800',
      '/CN=a',
    ]) {
      await refuses({ subject }, 'subject')
    }
    for (const sans of [
      { dnsNames: ['a b'] },
      { dnsNames: [''] },
      { dnsNames: ['müller.de'] },
      { dnsNames: ['a.*.b'] },
      { dnsNames: ['*'] },
      { dnsNames: ['192.0.2.1'] },
      { dnsNames: ['a.'] },
      { dnsNames: [`${'a'.repeat(64)}.de`] },
      { dnsNames: [`${'a.'.repeat(130)}de`] },
      { emails: ['ops'] },
      { emails: ['a@b@c'] },
      { emails: ['ö@b.de'] },
      { upns: ['a\nb'] },
      { upns: ['\ud800'] },
      { uris: ['web'] },
      { uris: ['https://a b'] },
      { uris: ['https://ä'] },
      { ipAddresses: ['1.2.3'] },
      { ipAddresses: ['fe80::1%eth0'] },
      { ipAddresses: ['10.0.0.0/8'] },
      { dnsNames: Array.from({ length: 101 }, (_, at) => `h${at}.de`) },
    ]) {
      await refuses({ sans }, 'sans')
    }
    for (const ekus of [
      ['serverAuth'],
      ['1'],
      ['1.2'],
      ['3.1.2'],
      ['1.40.1'],
      ['1.3.06'],
      ['1.3.6.'],
      [`1.3.${'9'.repeat(20)}`],
      Array(51).fill('1.3.6.1'),
    ]) {
      await refuses({ ekus }, 'ekus')
    }
  })
})
