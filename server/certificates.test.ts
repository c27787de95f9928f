import assert from 'node:assert/strict'
import { createPublicKey, X509Certificate } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { CertificationRequest } from '@peculiar/asn1-csr'
import { AsnConvert } from '@peculiar/asn1-schema'
import { Fault } from '#base/fault.ts'
import type { PublicPart } from '#base/keys/key.ts'
import { readBundle } from '#base/x509/bundle.ts'
import { selfSigned } from '#base/x509/issue.ts'
import { newSerial } from '#base/x509/structure.ts'
import { issuedBy } from '#base/x509/testing/issued-by.ts'
import { backupCertificate, restoreCertificate } from '#core/certificates/backup.ts'
import type { Certificate } from '#core/certificates/certificate.ts'
import {
  deleteCertificate,
  getDeletedCertificate,
  importCertificate,
  listCertificates,
  listCertificateVersions,
  purgeCertificate,
  recoverCertificate,
  updateCertificate,
} from '#core/certificates/certificates.ts'
import { prepareImport, prepareMerge, signerOf } from '#core/certificates/making.ts'
import { cancelOperation, mergeCertificate } from '#core/certificates/pending.ts'
import { plan } from '#core/incidents/plan.ts'
import { generate } from '#core/keys/custody.ts'
import { createKey, deleteKey, getKey, updateKey } from '#core/keys/keys.ts'
import { rotateKey, setRotationPolicy } from '#core/keys/rotation.ts'
import { defaultTimes } from '#core/rotation/policy.ts'
import { bindRotation } from '#core/rotation/rotation.ts'
import { FakeFarSide } from '#core/rotation/testing/far-side.ts'
import { deriveSecret } from '#core/secrets/derivations.ts'
import { deleteSecret, listSecrets, setSecret, updateSecret } from '#core/secrets/secrets.ts'
import { type Certifying, openCertifying } from './testing/certifying.ts'
import { type Kept, onBothEngines } from './testing/engines.ts'
import { until } from './testing/rotating-keys.ts'

const day = 86_400_000
const policy = { subject: 'CN=web.example', issuer: { name: 'Self' }, key: { type: 'EC' } } as const
const bundles = { read: async (text: string, password: string | undefined) => readBundle(text, password) }
const manyUses = Array.from({ length: 50 }, (_, index) => `1.3.6.1.4.1.311.${index}.1.2.3`)
const all = { after: undefined, limit: 25 }
/** The public key that a certification request is for. */
function publicPartIn(request: Uint8Array): PublicPart {
  const { subjectPKInfo } = AsnConvert.parse(request, CertificationRequest).certificationRequestInfo
  const spki = Buffer.from(AsnConvert.serialize(subjectPKInfo))
  return createPublicKey({ key: spki, format: 'der', type: 'spki' }).export({ format: 'jwk' }) as PublicPart
}
const nobody = { notFound: (error: unknown) => error instanceof Fault && error.code === 'not-found' }
const refused = (code: string, inner?: string) => (error: unknown) =>
  error instanceof Fault && error.code === code && (inner === undefined || error.particulars.inner === inner)

onBothEngines((keep) => {
  let kept: Kept
  let here: Certifying

  before(async () => {
    kept = await keep()
    here = await openCertifying({ env: kept.env })
  })
  after(async () => {
    await here?.[Symbol.asyncDispose]()
    await kept?.[Symbol.asyncDispose]()
  })

  const x509 = ({ der }: Certificate) => new X509Certificate(der as Uint8Array)
  const remove = async (name: string) => {
    await here.act('certificates/delete', (scope) => deleteCertificate(scope, here.vault, name))
    await here.act('certificates/purge', (scope) => purgeCertificate(scope, here.vault, name))
  }

  describe('a certificate that a vault issues itself', () => {
    it('is under way when it is asked for, and then is one version of a certificate, a key and a secret', async () => {
      const operation = await here.ask('web', policy, { tags: { of: 'mine' } })
      assert.equal(operation.status, 'inProgress')
      await until('it is completed', async () => (await here.operation('web')).status === 'completed')
      const certificate = await here.certificate('web')
      const made = x509(certificate)
      assert.equal(made.subject, 'CN=web.example')
      assert.ok(made.verify(made.publicKey))
      assert.equal(certificate.expires, +made.validToDate)
      assert.equal(certificate.notBefore, +made.validFromDate)
      const key = await here.look('keys/read', (sight) => getKey(sight, here.vault, 'web'))
      const secret = await here.secret('web')
      for (const one of [key, secret]) {
        assert.equal(one.version, certificate.version)
        assert.equal(one.managed, true)
        assert.equal(one.expires, certificate.expires)
        assert.equal(one.notBefore, certificate.notBefore)
      }
      assert.deepEqual(key.operations, ['sign', 'verify'])
      const jwk = key.publicPart as { kty: 'EC'; crv: string; x: string; y: string }
      assert.ok(made.publicKey.equals(createPublicKey({ key: jwk, format: 'jwk' })))
      assert.equal(secret.contentType, 'application/x-pkcs12')
      assert.deepEqual(readBundle(secret.value).chain, [made.raw])
      assert.deepEqual(certificate.tags, { of: 'mine' })
    })

    it('has its private key in the secret only if that may leave', async () => {
      await here.issued('kept', {
        ...policy,
        key: { type: 'EC', exportable: false },
        contentType: 'application/x-pem-file',
      })
      const { value } = await here.secret('kept')
      assert.match(value, /^-----BEGIN CERTIFICATE-----/)
      assert.doesNotMatch(value, /PRIVATE/)
    })

    it('is read as disabled and planned until its first version is there, and isn’t listed', async () => {
      await here.ask('planned', { ...policy, issuer: { name: 'Unknown' } })
      const planned = await here.certificate('planned')
      assert.deepEqual([planned.enabled, planned.der, planned.hasOperation], [false, undefined, true])
      const names = async (includesPending: boolean) =>
        (
          await here.look('certificates/read', (sight) =>
            listCertificates(sight, here.vault, { ...all, includesPending }),
          )
        ).map(({ name }) => name)
      assert.ok(!(await names(false)).includes('planned'))
      assert.ok((await names(true)).includes('planned'))
      await assert.rejects(here.secret('planned'), nobody.notFound)
    })

    it('says nothing that somebody wrote beside what is sealed, or moved to it from elsewhere', async () => {
      const [mine, other] = [await here.issued('mine', policy), await here.issued('other', policy)]
      const { database } = here.house.cardea.base
      const change = (sql: string) => database.write(async (turn) => void (await turn.sql.run(sql, [])))
      await change(`update certificate_version set thumbprint = 'x' where name_key = 'mine'`)
      assert.equal((await here.certificate('mine')).thumbprint, mine.thumbprint)
      const ofOther = `where vault = 'demo' and name_key = 'other'`
      await change(
        `update certificate_version set sealed = (select sealed from certificate_version ${ofOther} and version = '${other.version}') where name_key = 'mine'`,
      )
      await assert.rejects(here.certificate('mine'))
      await change(
        `update certificate_operation set sealed = (select sealed from certificate_operation ${ofOther}) where name_key = 'mine'`,
      )
      await assert.rejects(here.operation('mine'))
    })

    it('is asked for by one at a time', async () => {
      const unknown = { ...policy, issuer: { name: 'Unknown' } }
      const both = await Promise.allSettled([here.ask('once', unknown), here.ask('once', unknown)])
      assert.deepEqual(both.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
      const lost = both.find(({ status }) => status === 'rejected') as PromiseRejectedResult
      assert.ok(refused('conflict')(lost.reason))
      await here.act('certificates/update', (scope) => cancelOperation(scope, here.vault, 'once'))
      await until('it is called off', async () => (await here.operation('once')).status === 'cancelled')
      await here.issued('once', policy)
    })

    it('takes the next version by the policy that is kept, and leaves the one before as it was', async () => {
      const first = await here.issued('next', { ...policy, key: { type: 'EC', reuse: true } })
      const second = await here.issued('next')
      assert.notEqual(second.version, first.version)
      assert.ok(x509(second).publicKey.equals(x509(first).publicKey))
      assert.deepEqual(x509(await here.certificate('next', first.version)).raw, x509(first).raw)
      const versions = await here.look('certificates/read', (sight) =>
        listCertificateVersions(sight, here.vault, 'next', all),
      )
      assert.equal(versions.length, 2)
      await assert.rejects(here.ask('never'), refused('invalid'))
    })

    it('is refused by an issuer that nobody asks from here, in words that say what there is', async () => {
      await assert.rejects(here.ask('afar', { ...policy, issuer: { name: 'digicert' } }), (error: Fault) => {
        assert.equal(error.code, 'invalid')
        assert.match(error.message, /Self.*Unknown.*import/)
        return true
      })
    })
  })

  describe('what belongs to a certificate', () => {
    it('is changed by nobody but the certificate', async () => {
      const { version } = await here.issued('owner', policy)
      const { vault } = here
      const key = refused('disabled', 'KeyManagedByKeyVault')
      const secret = refused('disabled', 'SecretManagedByKeyVault')
      const made = await generate(here.maker.custodians, vault, 'software', { type: 'EC', curve: 'P-256' })
      const act = here.act
      await assert.rejects(
        act('secrets/set', (s) => setSecret(s, vault, 'OWNER', 'x', {})),
        secret,
      )
      await assert.rejects(
        act('secrets/update', (s) => updateSecret(s, vault, 'owner', version, { enabled: false })),
        secret,
      )
      await assert.rejects(
        act('secrets/delete', (s) => deleteSecret(s, vault, 'owner')),
        secret,
      )
      await assert.rejects(
        act('secrets/set', (s) =>
          deriveSecret(s, here.caller, vault, 'owner', { template: 'x{{secret:web}}', escaping: 'plain', values: {} }),
        ),
        secret,
      )
      await assert.rejects(
        act('keys/create', (s) => createKey(s, vault, 'owner', {}, made)),
        key,
      )
      await assert.rejects(
        act('keys/update', (s) => updateKey(s, vault, 'owner', undefined, { enabled: false })),
        key,
      )
      await assert.rejects(
        act('keys/delete', (s) => deleteKey(s, vault, 'owner')),
        key,
      )
      await assert.rejects(
        act('keys/rotate', (s) => rotateKey(s, vault, 'owner', made)),
        key,
      )
      await assert.rejects(
        act('key-rotation-policies/write', (s) =>
          setRotationPolicy(s, vault, 'owner', { expiryTime: 'P90D', actions: [] }),
        ),
        key,
      )
      const { provider } = new FakeFarSide('single')
      const providers = new Map([[provider.name, provider]])
      const wanted = {
        provider: provider.name,
        binding: {},
        intervalMs: null,
        graceMs: 0,
        scrub: false,
        schedule: undefined,
      }
      await assert.rejects(
        act('rotations/write', (s) => bindRotation(s, providers, defaultTimes, vault, 'owner', wanted)),
        secret,
      )
      assert.equal((await here.secret('owner')).version, version)
      const listed = await here.look('secrets/list', (sight) => listSecrets(sight, vault, all))
      assert.equal(listed.find(({ name }) => name === 'owner')?.managed, true)
    })

    it('is named by an incident with what people are to do: no rotation can', async () => {
      await here.issued('leaked', policy)
      await here.secret('leaked')
      const { base } = here.house.cardea
      const question = {
        ...{ identity: undefined, secret: { vault: 'demo', name: 'leaked' }, since: 0, couldRead: false },
        ...{ disable: true, scope: '/', by: here.caller },
      }
      const { items } = await plan({ base, providers: new Map() }, question, here.now())
      assert.equal(items.length, 1)
      assert.equal(items[0]?.state, 'by-hand')
      assert.match(items[0]?.why as string, /belongs to the certificate leaked/)
    })

    it('has a name that is free: no key and no secret of its own bears it', async () => {
      await here.act('secrets/set', (scope) => setSecret(scope, here.vault, 'plain', 'x', {}))
      await assert.rejects(here.ask('plain', policy), refused('conflict'))
    })

    it('is disabled and enabled with it', async () => {
      await here.issued('switched', policy)
      const set = (enabled: boolean) =>
        here.act('certificates/update', (s) => updateCertificate(s, here.vault, 'switched', undefined, { enabled }))
      await set(false)
      await assert.rejects(here.secret('switched'), refused('disabled'))
      assert.equal((await here.look('keys/read', (s) => getKey(s, here.vault, 'switched'))).enabled, false)
      await set(true)
      assert.equal((await here.secret('switched')).enabled, true)
    })

    it('is deleted, recovered and purged with it, and comes back with it from a backup', async () => {
      const { version } = await here.issued('gone', policy, { tags: { a: 'b' } })
      const { value } = await here.secret('gone')
      const blob = await here.act('certificates/backup', (s) => backupCertificate(s, here.vault, 'gone'))
      await here.act('certificates/delete', (s) => deleteCertificate(s, here.vault, 'gone'))
      await assert.rejects(here.secret('gone'), nobody.notFound)
      await assert.rejects(
        here.look('keys/read', (s) => getKey(s, here.vault, 'gone')),
        nobody.notFound,
      )
      const deleted = await here.look('certificates/read', (s) => getDeletedCertificate(s, here.vault, 'gone'))
      assert.equal(deleted.version, version)
      await here.act('certificates/recover', (s) => recoverCertificate(s, here.vault, 'gone'))
      assert.equal((await here.secret('gone')).value, value)
      await assert.rejects(
        here.act('certificates/restore', (s) => restoreCertificate(s, here.vault, blob)),
        refused('conflict'),
      )
      await remove('gone')
      const back = await here.act('certificates/restore', (s) => restoreCertificate(s, here.vault, blob))
      assert.deepEqual([back.version, back.tags, back.policy.subject], [version, { a: 'b' }, policy.subject])
      const secret = await here.secret('gone')
      assert.deepEqual([secret.value, secret.managed], [value, true])
      assert.equal((await here.look('keys/read', (s) => getKey(s, here.vault, 'gone'))).managed, true)
      await remove('gone')
      await here.act('secrets/set', (scope) => setSecret(scope, here.vault, 'gone', 'free again', {}))
    })
  })

  describe('a certificate that somebody else issued', () => {
    it('is merged with the key that waited for it, and with no other', async () => {
      const { vault, maker } = here
      await here.ask('merged', { ...policy, issuer: { name: 'Unknown' }, key: { type: 'RSA' } })
      const { request } = await here.operation('merged')
      const wanted = { subject: 'CN=merged.example', keyUsage: ['digitalSignature'], ekus: [], ca: false } as const
      const ca = await generate(maker.custodians, vault, 'software', { type: 'EC', curve: 'P-384' })
      const now = Math.floor(here.now() / 1000) * 1000
      const terms = () => ({ notBefore: new Date(now), notAfter: new Date(now + 90 * day), serial: newSerial() })
      const sign = signerOf(maker.custodians, vault, ca)
      const names = { subject: 'CN=An Authority', keyUsage: ['keyCertSign'], ekus: [], ca: true } as const
      const root = await selfSigned(names, ca.key.publicPart, sign, terms())
      const issuer = { certificate: root, publicPart: ca.key.publicPart, sign }
      const leaf = await issuedBy(issuer, wanted, publicPartIn(request), terms())
      const foreign = await issuedBy(issuer, wanted, ca.key.publicPart, terms())
      await assert.rejects(prepareMerge(maker, vault, 'merged', [foreign, root]), refused('invalid'))
      // More than a secret takes.
      const many = await Promise.all(
        Array.from({ length: 25 }, () => selfSigned({ ...names, ekus: manyUses }, ca.key.publicPart, sign, terms())),
      )
      await assert.rejects(prepareMerge(maker, vault, 'merged', [leaf, ...many]), /bytes that a secret takes/)
      const merging = await prepareMerge(maker, vault, 'merged', [root, leaf])
      const merge = () => here.act('certificates/create', (s) => mergeCertificate(s, vault, 'merged', {}, merging))
      const merged = await merge()
      assert.deepEqual([x509(merged).raw, merged.enabled, merged.expires], [leaf, true, now + 90 * day])
      assert.equal((await here.operation('merged')).status, 'completed')
      assert.deepEqual(readBundle((await here.secret('merged')).value).chain, [leaf, root])
      await assert.rejects(merge(), refused('disabled'))
    })

    it('is imported with its key, says by its policy what it says itself, and comes out as it went in', async () => {
      const source = await here.issued('source', { ...policy, validityMonths: 12, sans: { dnsNames: ['a.example'] } })
      const { value } = await here.secret('source')
      const importing = await prepareImport({ custodians: here.maker.custodians, bundles }, here.vault, { value })
      const taken = await here.act('certificates/import', (s) =>
        importCertificate(s, here.vault, 'taken', { tags: { c: 'd' } }, importing),
      )
      assert.equal(taken.thumbprint, source.thumbprint)
      assert.deepEqual(taken.policy.sans?.dnsNames, ['a.example'])
      assert.deepEqual([taken.policy.validityMonths, taken.policy.issuer.name], [13, 'Unknown'])
      assert.deepEqual(taken.policy.actions, [{ type: 'mail', percentage: 80 }])
      assert.deepEqual(readBundle((await here.secret('taken')).value).chain, [x509(source).raw])
      await here.leapTo((source.expires as number) + 1)
      await assert.rejects(
        here.act('certificates/import', (s) => importCertificate(s, here.vault, 'late-comer', {}, importing)),
        refused('invalid'),
      )
      await here.leapTo(Date.now())
    })
  })
})
