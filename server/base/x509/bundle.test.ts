import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createPrivateKey, randomBytes, randomInt, X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { createSecureContext } from 'node:tls'
import { needs } from '@cardea/tools/servers/require'
import { Fault } from '../fault.ts'
import { keyOfJwk } from '../keys/private-jwk.ts'
import { generated } from '../keys/software-key.ts'
import { type Bundle, readBundle, writePem, writePkcs12 } from './bundle.ts'
import { orderChain } from './certificate.ts'
import { selfSigned } from './issue.ts'
import { rc2Decrypted } from './rc2.ts'
import { newSerial } from './structure.ts'
import { issuedBy } from './testing/issued-by.ts'
import { signerOf } from './testing/signer.ts'
import type { Wanted } from './wanted.ts'

const folder = mkdtempSync(join(tmpdir(), 'cardea-bundle-'))
after(() => rmSync(folder, { recursive: true }))
const file = (name: string) => join(folder, name)

const terms = () => ({
  notBefore: new Date(Date.now() - 60_000),
  notAfter: new Date(Date.now() + 864e5),
  serial: newSerial(),
})
const wanted = (subject: string, ca = false): Wanted => ({ subject, keyUsage: [], ekus: [], ca })
const root = generated({ type: 'EC', curve: 'P-256' })
const rootDer = await selfSigned(wanted('CN=Root', true), root.publicPart, signerOf(root), terms())
const issuer = { certificate: rootDer, publicPart: root.publicPart, sign: signerOf(root) }
const kinds = {
  rsa: generated({ type: 'RSA', bits: 2048 }),
  'P-256': generated({ type: 'EC', curve: 'P-256' }),
  'P-256K': generated({ type: 'EC', curve: 'P-256K' }),
  'P-521': generated({ type: 'EC', curve: 'P-521' }),
}
const leaves = new Map(
  await Promise.all(
    Object.entries(kinds).map(async ([name, key]) => {
      const leaf = await issuedBy(issuer, wanted(`CN=${name}`), key.publicPart, terms())
      writeFileSync(file(`${name}.pem`), writePem(key.secret, [leaf]))
      return [name, leaf] as const
    }),
  ),
)
writeFileSync(file('root.pem'), writePem(undefined, [rootDer]))

/** What a program says; it fails if the program does. */
function run(program: string, args: readonly string[], input?: Uint8Array): Buffer {
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd: folder, ...(input && { input }) })
  assert.equal(status, 0, `${error ?? ''}${stderr}${stdout}`)
  return stdout
}
const found = (program: string, ...args: string[]) => (spawnSync(program, args).status === 0 ? program : undefined)
const java = needs('Java', () => found('keytool', '-help'))
const python = needs('Python’s cryptography', () => found('/usr/bin/python3', '-c', 'import cryptography'))

/** A bundle of OpenSSL's, in base64. */
const exported = (password: string, options: readonly string[] = [], name = 'rsa'): string =>
  run('openssl', [
    'pkcs12',
    '-export',
    '-in',
    `${name}.pem`,
    '-certfile',
    'root.pem',
    '-passout',
    `pass:${password}`,
    ...options,
  ]).toString('base64')

function holds(bundle: Bundle, name: keyof typeof kinds = 'rsa', format = 'pkcs12'): void {
  const kept = keyOfJwk(bundle.privateKey)
  assert.deepEqual(kept.publicPart, kinds[name].publicPart)
  assert.ok(Buffer.from(kept.secret).equals(kinds[name].secret))
  assert.deepEqual(orderChain(kept.publicPart, bundle.chain), [leaves.get(name), rootDer])
  assert.equal(bundle.format, format)
}
const notOpened = { code: 'invalid', particulars: { where: 'pwd' } }

describe('a bundle in PKCS #12', () => {
  for (const name of Object.keys(kinds) as (keyof typeof kinds)[]) {
    it(`is read with a key of kind ${name}`, () => holds(readBundle(exported('secret', [], name), 'secret'), name))
  }

  it('is read whatever OpenSSL has encrypted it with', () => {
    const ways: string[][] = [
      ['-legacy'],
      ['-legacy', '-descert'],
      ['-legacy', '-keypbe', 'PBE-SHA1-2DES', '-certpbe', 'PBE-SHA1-RC2-128'],
      ['-legacy', '-keypbe', 'PBE-SHA1-RC2-40', '-certpbe', 'PBE-SHA1-RC2-40'],
      ['-keypbe', 'PBE-SHA1-3DES', '-certpbe', 'PBE-SHA1-3DES', '-macalg', 'SHA1'],
      ['-keypbe', 'AES-128-CBC', '-certpbe', 'AES-192-CBC', '-macalg', 'SHA512', '-iter', '5000'],
      ['-keypbe', 'NONE', '-certpbe', 'NONE', '-macalg', 'SHA384'],
      ['-keypbe', 'DES-EDE3-CBC', '-certpbe', 'NONE', '-macalg', 'SHA224'],
      ['-maciter', '-noiter'],
      ['-name', 'Web ü', '-caname', 'root', '-CSP', 'Microsoft Software Key Storage Provider', '-LMK'],
    ]
    for (const way of ways) {
      for (const password of ['geheim-ü-密', '']) {
        const text = exported(password, way)
        holds(readBundle(text, password))
        if (password === '') holds(readBundle(text))
        assert.throws(() => readBundle(text, `${password}x`), notOpened, way.join(' '))
        if (password !== '') assert.throws(() => readBundle(text), notOpened, way.join(' '))
      }
    }
  })

  it('needs no password if it has none to be checked by', () => {
    holds(readBundle(exported('', ['-nomac'])))
    holds(readBundle(exported('', ['-nomac', '-keypbe', 'NONE', '-certpbe', 'NONE'])))
    holds(readBundle(exported('', ['-nomac', '-keypbe', 'PBE-SHA1-3DES', '-certpbe', 'PBE-SHA1-3DES'])))
    for (const password of ['secret', ''])
      assert.throws(() => readBundle(exported('secret', ['-nomac']), password), notOpened)
    assert.throws(() => readBundle(exported('secret', ['-nomac']), 'secret'), notOpened)
  })

  it('is read from Java’s key store', { skip: java.skip }, () => {
    writeFileSync(file('in.p12'), exported('changeit'), 'base64')
    for (const legacy of [[], ['-J-Dkeystore.pkcs12.legacy']]) {
      const out = `out${legacy.length}.p12`
      const from = ['-srckeystore', 'in.p12', '-srcstoretype', 'PKCS12', '-srcstorepass', 'changeit']
      const to = ['-destkeystore', out, '-deststoretype', 'PKCS12', '-deststorepass', 'password']
      run('keytool', [...legacy, '-importkeystore', '-noprompt', ...from, ...to])
      holds(readBundle(readFileSync(file(out), 'base64'), 'password'))
    }
  })

  it('is read from Python’s cryptography', { skip: python.skip }, () => {
    const script = `
import sys
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization as s
from cryptography.hazmat.primitives.serialization import pkcs12 as p
key = s.load_pem_private_key(open('rsa.pem', 'rb').read(), None)
leaf = x509.load_pem_x509_certificate(open('rsa.pem', 'rb').read())
root = x509.load_pem_x509_certificate(open('root.pem', 'rb').read())
way = s.PrivateFormat.PKCS12.encryption_builder().kdf_rounds(3000)
way = way.key_cert_algorithm(p.PBES.PBESv1SHA1And3KeyTripleDESCBC if sys.argv[1] == 'old' else p.PBES.PBESv2SHA256AndAES256CBC)
way = way.hmac_hash(hashes.SHA1() if sys.argv[1] == 'old' else hashes.SHA256())
sys.stdout.buffer.write(p.serialize_key_and_certificates(b'web', key, leaf, [root], way.build('gehüim'.encode())))`
    for (const age of ['old', 'new']) {
      holds(readBundle(run('/usr/bin/python3', ['-c', script, age]).toString('base64'), 'gehüim'))
    }
  })

  it('is read in pieces of no foretold length, as some Java programs write it', () => {
    const whole = Buffer.from(exported('', ['-nomac', '-keypbe', 'NONE', '-certpbe', 'NONE']), 'base64')
    holds(readBundle(inPieces(whole).toString('base64')))
  })

  it('is refused if it asks for too much work', () => {
    const iterations = ['-iter', '1000001', '-certpbe', 'NONE']
    const sealed = exported('', [...iterations, '-keypbe', 'AES-256-CBC', '-nomac'])
    const sealedOldly = exported('', [...iterations, '-keypbe', 'PBE-SHA1-3DES', '-nomac'])
    const authenticated = exported('', [...iterations, '-keypbe', 'NONE'])
    for (const text of [sealed, sealedOldly, authenticated]) {
      const began = performance.now()
      assert.throws(() => readBundle(text), { code: 'invalid', message: /too many rounds/ })
      assert.ok(performance.now() - began < 50000)
    }
  })

  it('is refused without exactly one private key, and without a certificate', () => {
    const certificates = run('openssl', [
      'pkcs12',
      '-export',
      '-nokeys',
      '-in',
      'rsa.pem',
      '-passout',
      'pass:',
    ]).toString('base64')
    assert.throws(() => readBundle(certificates), { code: 'invalid', message: /no private key/ })
    const key = run('openssl', [
      'pkcs12',
      '-export',
      '-nocerts',
      '-inkey',
      'rsa.pem',
      '-in',
      'rsa.pem',
      '-passout',
      'pass:',
    ])
    assert.throws(() => readBundle(key.toString('base64')), { code: 'invalid', message: /no certificate/ })
  })

  it('is refused if it is damaged, and never takes long', () => {
    const plain = Buffer.from(exported('', ['-nomac', '-keypbe', 'NONE', '-certpbe', 'NONE']), 'base64')
    const sealed = Buffer.from(exported('', ['-iter', '10']), 'base64')
    let slowest = 0
    for (let round = 0; round < 1200; round++) {
      const bad = Buffer.from(round % 2 === 0 ? plain : sealed)
      for (let change = randomInt(1, 4); change > 0; change--)
        bad[randomInt(round % 3 === 0 ? 120 : bad.length)] = randomInt(256)
      const mutant = round % 10 === 0 ? bad.subarray(0, randomInt(bad.length)) : bad
      const began = performance.now()
      try {
        readBundle(mutant.toString('base64'))
      } catch (error) {
        if (!(error instanceof Fault) || error.code !== 'invalid') throw error
      }
      slowest = Math.max(slowest, performance.now() - began)
    }
    assert.ok(slowest < 30_000, `${slowest} ms`)
    const big = 'A'.repeat(600_000)
    for (const none of [
      '',
      '=',
      'not base64!',
      'AAAA',
      randomBytes(300).toString('base64'),
      rootDer.toString('base64'),
      big,
    ]) {
      assert.throws(() => readBundle(none), { code: 'invalid' })
    }
    assert.throws(() => readBundle(exported(''), 'x'.repeat(201)), notOpened)
  })
})

/** The outer layers of a file in DER rewritten with indefinite lengths, and its octets in pieces. */
function inPieces(der: Buffer): Buffer {
  const [tag = 0, first = 0] = der
  const lengthBytes = first < 0x80 ? 0 : first & 0x7f
  const body = der.subarray(2 + lengthBytes)
  const end = Buffer.alloc(2)
  if (tag === 0x04) {
    const pieces: Buffer[] = []
    for (let at = 0; at < body.length; at += 100) {
      const piece = body.subarray(at, at + 100)
      pieces.push(Buffer.of(0x04, piece.length), piece)
    }
    return Buffer.concat([Buffer.of(0x24, 0x80), ...pieces, end])
  }
  const members: Buffer[] = []
  for (let at = 0; at < body.length; ) {
    const long = (body[at + 1] as number) & 0x80 ? (body[at + 1] as number) & 0x7f : 0
    const length = long === 0 ? (body[at + 1] as number) : body.readUIntBE(at + 2, long)
    const member = body.subarray(at, at + 2 + long + length)
    members.push([0x30, 0xa0, 0x04].includes(member[0] as number) ? inPieces(member) : member)
    at += member.length
  }
  return Buffer.concat([Buffer.of(tag, 0x80), ...members, end])
}

describe('a bundle in PEM', () => {
  const key = kinds.rsa
  const leaf = leaves.get('rsa') as Buffer
  const pem = (...args: string[]) => run('openssl', args).toString()
  const chain = writePem(undefined, [leaf, rootDer])

  it('is read in any order, with remarks, and with lines of any kind', () => {
    holds(readBundle(writePem(key.secret, [leaf, rootDer])), 'rsa', 'pem')
    holds(
      readBundle(`Bag Attributes\n  x: y\n${writePem(undefined, [rootDer, leaf])}\nmore\n${writePem(key.secret, [])}`),
      'rsa',
      'pem',
    )
    holds(readBundle(writePem(key.secret, [leaf, rootDer]).replaceAll('\n', '\r\n')), 'rsa', 'pem')
    holds(readBundle(Buffer.from(writePem(key.secret, [leaf, rootDer])).toString('base64')), 'rsa', 'pem')
  })

  it('may have its key in the older forms', () => {
    holds(readBundle(pem('rsa', '-in', 'rsa.pem', '-traditional') + chain), 'rsa', 'pem')
    const ec = pem('ec', '-in', 'P-521.pem', '-no_public').replace(/^/, pem('ecparam', '-name', 'secp521r1'))
    holds(readBundle(ec + writePem(undefined, [leaves.get('P-521') as Buffer, rootDer])), 'P-521', 'pem')
  })

  it('may have its key under a password', () => {
    for (const way of [
      ['-v2', 'aes-256-cbc'],
      ['-v2', 'aes-128-cbc', '-v2prf', 'hmacWithSHA512'],
      ['-v1', 'PBE-SHA1-3DES'],
    ]) {
      const hidden = pem('pkcs8', '-topk8', '-in', 'rsa.pem', '-passout', 'pass:geheim', ...way)
      holds(readBundle(hidden + chain, 'geheim'), 'rsa', 'pem')
      assert.throws(() => readBundle(hidden + chain, 'other'), notOpened)
      assert.throws(() => readBundle(hidden + chain), notOpened)
    }
    const hidden = pem('rsa', '-in', 'rsa.pem', '-traditional', '-aes128', '-passout', 'pass:geheim')
    assert.throws(() => readBundle(hidden + chain, 'geheim'), /must not be encrypted/)
    const scrypt = pem('pkcs8', '-topk8', '-in', 'rsa.pem', '-passout', 'pass:geheim', '-scrypt')
    assert.throws(() => readBundle(scrypt + chain, 'geheim'), /not read here/)
  })

  it('is refused if its keys together ask for too much work', () => {
    const hidden = pem('pkcs8', '-topk8', '-in', 'P-256.pem', '-passout', 'pass:geheim', '-iter', '1000000')
    assert.throws(() => readBundle(hidden.repeat(3), 'geheim'), { code: 'invalid', message: /too many rounds/ })
  })

  it('is refused if it is not whole', () => {
    const text = writePem(key.secret, [leaf])
    const ed = pem('genpkey', '-algorithm', 'ed25519')
    const strange = pem('genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:brainpoolP256r1')
    for (const bad of [
      text.slice(0, -20),
      text.replace('MII', 'M!I'),
      chain,
      writePem(key.secret, []),
      text + writePem(key.secret, []),
      '-----BEGIN ',
      '-----BEGIN '.repeat(40_000),
      '-----BEGIN A-----'.repeat(25_000),
      ed + chain,
      strange + chain,
      writePem(Buffer.from('no key'), [leaf]),
      writePem(key.secret, [Buffer.from('no certificate')]),
      writePem(key.secret, Array(31).fill(leaf)),
    ]) {
      const began = performance.now()
      assert.throws(() => readBundle(bad), { code: 'invalid' })
      assert.ok(performance.now() - began < 5000)
    }
  })
})

describe('a bundle that is written', () => {
  for (const [name, { secret }] of Object.entries(kinds) as [keyof typeof kinds, (typeof kinds)['rsa']][]) {
    it(`comes back as it was, with a key of kind ${name}`, () => {
      const chain = [leaves.get(name) as Buffer, rootDer]
      const file = writePkcs12(secret, chain)
      const read = readBundle(file.toString('base64'))
      holds(read, name)
      assert.deepEqual(read.chain, chain)
      holds(readBundle(file.toString('base64'), ''), name)
      assert.throws(() => readBundle(file.toString('base64'), 'x'), notOpened)
      assert.deepEqual(readBundle(writePem(secret, chain)).chain, chain)
    })
  }

  it('opens with OpenSSL, old and new, and for TLS', () => {
    const chain = [leaves.get('rsa') as Buffer, rootDer]
    const pfx = writePkcs12(kinds.rsa.secret, chain)
    const text = run('openssl', ['pkcs12', '-passin', 'pass:', '-nodes', '-info'], pfx).toString()
    assert.match(text, /localKeyID: 01 00 00 00/)
    assert.deepEqual([...text.matchAll(/BEGIN [^-]+/g)].map(String), [
      'BEGIN PRIVATE KEY',
      'BEGIN CERTIFICATE',
      'BEGIN CERTIFICATE',
    ])
    createSecureContext({ pfx })
    createSecureContext({ pfx, passphrase: '' })
    const pem = writePem(kinds.rsa.secret, chain)
    createSecureContext({ key: pem, cert: pem })
    assert.ok(new X509Certificate(pem).checkPrivateKey(createPrivateKey(pem)))
    assert.match(
      pem,
      /^-----BEGIN PRIVATE KEY-----\n([\w+/=]{1,64}\n)+-----END PRIVATE KEY-----\n-----BEGIN CERTIFICATE-----\n/,
    )
  })

  it('opens in Java', { skip: java.skip }, () => {
    writeFileSync(file('ours.p12'), writePkcs12(kinds['P-256'].secret, [leaves.get('P-256') as Buffer, rootDer]))
    const list = ['-list', '-v', '-storetype', 'PKCS12', '-keystore', 'ours.p12', '-storepass', '']
    assert.match(run('keytool', list).toString(), /Entry type: PrivateKeyEntry\nCertificate chain length: 2\n/)
  })

  it('opens in Python', { skip: python.skip }, () => {
    writeFileSync(file('ours.p12'), writePkcs12(kinds['P-256'].secret, [leaves.get('P-256') as Buffer, rootDer]))
    const script = `
from cryptography.hazmat.primitives.serialization import pkcs12
for password in (None, b''):
    key, leaf, others = pkcs12.load_key_and_certificates(open('ours.p12', 'rb').read(), password)
    print(key.curve.name, leaf.subject.rfc4514_string(), len(others))`
    assert.equal(run('/usr/bin/python3', ['-c', script]).toString(), 'secp256r1 CN=P-256 1\n'.repeat(2))
  })

  it('may be without its key', () => {
    const chain = [leaves.get('rsa') as Buffer, rootDer]
    const text = run('openssl', ['pkcs12', '-passin', 'pass:', '-nodes'], writePkcs12(undefined, chain)).toString()
    assert.equal(text.match(/BEGIN CERTIFICATE/g)?.length, 2)
    assert.doesNotMatch(text, /PRIVATE|localKeyID/)
    assert.doesNotMatch(writePem(undefined, chain), /PRIVATE/)
  })
})

describe('RC2', () => {
  it('is read as its standard and OpenSSL have it', () => {
    // RFC 2268, 5: those whose effective bits are all bits of the key.
    const vectors = [
      ['ffffffffffffffff', 'ffffffffffffffff', '278b27e42e2f0d49'],
      ['3000000000000000', '1000000000000001', '30649edf9be7d2c2'],
    ] as const
    const hex = (text: string) => Buffer.from(text, 'hex')
    for (const [key, plain, cipher] of vectors) {
      assert.equal(rc2Decrypted(hex(key), Buffer.alloc(8), hex(cipher)).toString('hex'), plain)
    }
    for (const [name, bytes] of [
      ['rc2-40-cbc', 5],
      ['rc2-64-cbc', 8],
      ['rc2-cbc', 16],
    ] as const) {
      const [key, iv, plain] = [randomBytes(bytes), randomBytes(8), randomBytes(800)]
      const args = ['enc', `-${name}`, '-nopad', '-K', key.toString('hex'), '-iv', iv.toString('hex')]
      const cipher = run('openssl', [...args, '-provider', 'legacy', '-provider', 'default'], plain)
      assert.deepEqual(rc2Decrypted(key, iv, cipher), plain, name)
    }
  })
})
