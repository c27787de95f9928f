import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { createPrivateKey, sign, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { chmod, copyFile, mkdtempDisposable, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { createServer, request } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { AsnConvert, OctetString } from '@peculiar/asn1-schema'
import * as asn1 from '@peculiar/asn1-x509'
import { openAuthority } from './authority.ts'

const domain = 'cardea.internal'
const now = new Date()
const later = (days: number) => new Date(+now + days * 86_400_000)
const temporary = () => mkdtempDisposable(join(tmpdir(), 'cardea-authority-'))
const modeOf = async (file: string) => (await stat(file)).mode & 0o777
const openssl = spawnSync('openssl', ['version']).status === 0

describe('the development authority', () => {
  it('is made on the first start, and only its owner can read its key', async () => {
    await using folder = await temporary()
    await chmod(folder.path, 0o755)
    const { ca, caFile } = await openAuthority(folder.path, domain, now)
    assert.equal(await readFile(caFile, 'utf8'), ca)
    assert.equal(await modeOf(folder.path), 0o700)
    assert.equal(await modeOf(caFile), 0o644)
    assert.equal(await modeOf(join(folder.path, 'ca.key')), 0o600)
    assert.deepEqual((await readdir(folder.path)).sort(), ['ca.key', 'ca.pem'])

    const certificate = new X509Certificate(ca)
    assert.ok(certificate.ca && certificate.verify(certificate.publicKey))
    assert.equal(certificate.publicKey.asymmetricKeyDetails?.namedCurve, 'prime256v1')
    assert.ok(certificate.validFromDate < now && certificate.validToDate > later(3650))
    assert.match(certificate.serialNumber, /^[4-7][0-9A-F]{31}$/)
  })

  it('is the same at the next start', async () => {
    await using folder = await temporary()
    const first = await openAuthority(folder.path, domain, now)
    const second = await openAuthority(folder.path, 'Cardea.Internal', later(100))
    assert.equal(second.ca, first.ca)
  })

  it('is one, even if several first starts run at once', async () => {
    await using folder = await temporary()
    const opened = await Promise.all(Array.from({ length: 20 }, () => openAuthority(folder.path, domain, now)))
    assert.equal(new Set(opened.map(({ ca }) => ca)).size, 1)
    assert.deepEqual((await readdir(folder.path)).sort(), ['ca.key', 'ca.pem'])
  })

  it('goes on with the key of a first start that was cut short', async () => {
    await using folder = await temporary()
    const { caFile } = await openAuthority(folder.path, domain, now)
    const key = await readFile(join(folder.path, 'ca.key'), 'utf8')
    await rm(caFile)
    const { ca } = await openAuthority(folder.path, domain, now)
    assert.ok(new X509Certificate(ca).checkPrivateKey(createPrivateKey(key)))
  })

  it('refuses what it can’t stand behind, naming the file and the way out', async () => {
    type Harm = (folder: string) => Promise<unknown>
    const harms: [string, Harm, RegExp][] = [
      ['a truncated certificate', (folder) => truncate(join(folder, 'ca.pem'), 200), /ca\.pem is damaged/],
      ['an empty certificate', (folder) => truncate(join(folder, 'ca.pem')), /ca\.pem is damaged/],
      ['a truncated key', (folder) => truncate(join(folder, 'ca.key'), 100), /ca\.key is damaged/],
      ['an empty key', (folder) => truncate(join(folder, 'ca.key')), /ca\.key is damaged/],
      ['a certificate without its key', (folder) => rm(join(folder, 'ca.key')), /ca\.key is missing/],
      [
        'the key of another',
        async (folder) => {
          await using other = await temporary()
          await openAuthority(other.path, domain, now)
          await copyFile(join(other.path, 'ca.key'), join(folder, 'ca.key'))
        },
        /ca\.key doesn't belong to .*ca\.pem/,
      ],
    ]
    for (const [name, harm, expected] of harms) {
      await using folder = await temporary()
      await openAuthority(folder.path, domain, now)
      await harm(folder.path)
      await assert.rejects(openAuthority(folder.path, domain, now), (error: Error) => {
        assert.match(error.message, expected, name)
        assert.match(error.message, /to begin anew; every client must then trust the new ca\.pem/, name)
        return true
      })
    }
  })

  it('refuses the folder of another domain', async () => {
    await using folder = await temporary()
    await openAuthority(folder.path, 'other.example', now)
    await assert.rejects(openAuthority(folder.path, domain, now), /is the authority of other\.example, not of cardea\./)
  })

  it('refuses to start when it has expired', async () => {
    await using folder = await temporary()
    await openAuthority(folder.path, domain, now)
    await assert.rejects(openAuthority(folder.path, domain, later(3653)), /ca\.pem expired on/)
  })

  it('refuses a domain that would limit nothing', async () => {
    await using folder = await temporary()
    for (const name of [
      '',
      '.',
      'internal',
      '.internal',
      'cardea.internal.',
      '*.internal',
      '127.0.0.1',
      'a b.internal',
    ]) {
      await assert.rejects(openAuthority(folder.path, name, now), /can't be Cardea's domain/, name)
    }
  })
})

describe('the server’s certificate', () => {
  it('names every host that Cardea answers as', async () => {
    await using folder = await temporary()
    const { ca, serverCertificate } = await openAuthority(folder.path, 'Cardea.Internal', now)
    const { cert, key, expires, renewed } = await serverCertificate(now)
    const leaf = new X509Certificate(cert)
    assert.ok(renewed && cert.endsWith(ca))
    assert.ok(leaf.checkIssued(new X509Certificate(ca)) && leaf.checkPrivateKey(createPrivateKey(key)))
    assert.deepEqual(expires, leaf.validToDate)
    assert.ok(expires > later(89) && expires < later(91))
    assert.deepEqual(leaf.keyUsage, ['1.3.6.1.5.5.7.3.1'])
    assert.equal(leaf.ca, false)
    assert.equal(await modeOf(join(folder.path, 'server.key')), 0o600)
    for (const host of ['', 'login.', 'management.', 'graph.', 'portal.', 'demo.vault.', 'demo.config.']) {
      assert.ok(leaf.checkHost(`${host}${domain}`), host)
    }
    for (const host of ['a.b.vault.', 'vault.', 'www.']) assert.ok(!leaf.checkHost(`${host}${domain}`), host)
  })

  it('is kept until thirty days before its end', async () => {
    await using folder = await temporary()
    const first = await (await openAuthority(folder.path, domain, now)).serverCertificate(now)
    const { serverCertificate } = await openAuthority(folder.path, domain, now)
    assert.deepEqual(await serverCertificate(later(59)), { ...first, renewed: false })
    const second = await serverCertificate(later(61))
    assert.ok(second.renewed && second.cert !== first.cert && second.key !== first.key)
    await truncate(join(folder.path, 'server.pem'), second.cert.length - 100)
    assert.deepEqual(await serverCertificate(later(61)), { ...second, renewed: false }, 'the chain is always whole')
  })

  it('is made anew when it is damaged or not of this authority', async () => {
    await using folder = await temporary()
    await using other = await temporary()
    const { serverCertificate } = await openAuthority(folder.path, domain, now)
    const stranger = await openAuthority(other.path, domain, now)
    await serverCertificate(now)
    await stranger.serverCertificate(now)
    const at = (name: string) => join(folder.path, name)
    const harms: [string, () => Promise<unknown>][] = [
      ['truncated', () => truncate(at('server.pem'), 100)],
      ['without its key', () => rm(at('server.key'))],
      ['with another key', () => copyFile(join(other.path, 'server.key'), at('server.key'))],
      [
        'of another authority',
        async () => {
          for (const name of ['server.pem', 'server.key']) await copyFile(join(other.path, name), at(name))
        },
      ],
    ]
    for (const [name, harm] of harms) {
      await harm()
      assert.equal((await serverCertificate(now)).renewed, true, name)
      assert.equal((await serverCertificate(now)).renewed, false, name)
    }
  })

  it('never outlives the authority', async () => {
    await using folder = await temporary()
    const { ca, serverCertificate } = await openAuthority(folder.path, domain, now)
    const last = await serverCertificate(later(3640))
    assert.deepEqual(last.expires, new X509Certificate(ca).validToDate)
    assert.equal((await serverCertificate(later(3641))).renewed, false)
    await assert.rejects(serverCertificate(later(3653)), /authority expired/)
  })

  it('is accepted in a TLS handshake by a client that trusts ca.pem', async () => {
    await using folder = await temporary()
    const { ca, serverCertificate } = await openAuthority(folder.path, domain, now)
    const { cert, key } = await serverCertificate(now)
    assert.equal(await handshake({ cert, key }, ca, `demo.vault.${domain}`), 'hello')
  })

  it('can’t be made for a name outside the domain, even with the authority’s key', async () => {
    await using folder = await temporary()
    const { ca, serverCertificate } = await openAuthority(folder.path, domain, now)
    const { cert, key } = await serverCertificate(now)
    const stolen = await readFile(join(folder.path, 'ca.key'), 'utf8')
    const forge = (name: Partial<asn1.GeneralName>) => ({ cert: forged(cert, stolen, name) + ca, key })

    const own = `anything.${domain}`
    assert.equal(await handshake(forge({ dNSName: own }), ca, own), 'hello')
    for (const name of ['evil.example', `evil${domain}`, 'internal']) {
      await assert.rejects(handshake(forge({ dNSName: name }), ca, name), /permitted subtree violation/, name)
    }
    await assert.rejects(handshake(forge({ iPAddress: '127.0.0.1' }), ca, ''), /excluded subtree violation/)
  })

  it('passes openssl verify, and a forged one does not', { skip: !openssl && 'no openssl' }, async () => {
    await using folder = await temporary()
    const { caFile, serverCertificate } = await openAuthority(folder.path, domain, now)
    const { cert } = await serverCertificate(now)
    const verify = (file: string) =>
      execFileSync('openssl', ['verify', '-x509_strict', '-purpose', 'sslserver', '-CAfile', caFile, file], {
        encoding: 'utf8',
        stdio: 'pipe',
      })
    assert.match(verify(join(folder.path, 'server.pem')), /server\.pem: OK/)

    const evil = join(folder.path, 'evil.pem')
    await writeFile(
      evil,
      forged(cert, await readFile(join(folder.path, 'ca.key'), 'utf8'), { dNSName: 'evil.example' }),
    )
    assert.throws(() => verify(evil), /permitted subtree violation/)
  })
})

/** A server's certificate with another name in it, signed with a stolen key. */
function forged(cert: string, stolenKey: string, name: Partial<asn1.GeneralName>): string {
  const certificate = AsnConvert.parse(new X509Certificate(cert).raw, asn1.Certificate)
  const names = certificate.tbsCertificate.extensions!.find(({ extnID }) => extnID === asn1.id_ce_subjectAltName)!
  names.extnValue = new OctetString(AsnConvert.serialize(new asn1.SubjectAlternativeName([new asn1.GeneralName(name)])))
  const signature = sign('sha256', Buffer.from(AsnConvert.serialize(certificate.tbsCertificate)), stolenKey)
  certificate.signatureValue = new Uint8Array(signature).buffer
  return new X509Certificate(Buffer.from(AsnConvert.serialize(certificate))).toString()
}

async function handshake(server: { cert: string; key: string }, ca: string, servername: string): Promise<string> {
  await using listener = createServer(server, (_, response) => response.end('hello'))
  await once(listener.listen(0, '127.0.0.1'), 'listening')
  const { port } = listener.address() as AddressInfo
  const asked = request({ host: '127.0.0.1', port, servername, ca, rejectUnauthorized: true, agent: false }).end()
  const [answer] = await once(asked, 'response')
  return (await answer.toArray()).join('')
}
