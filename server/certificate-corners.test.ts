import assert from 'node:assert/strict'
import { after, afterEach, before, describe, it } from 'node:test'
import { builtInRoles } from '@cardea/contract/roles'
import { Fault } from '#base/fault.ts'
import { SoftwareKeys } from '#base/keys/software-keys.ts'
import { readBundle } from '#base/x509/bundle.ts'
import { findingsOf } from '#core/alerts/findings.ts'
import {
  deleteCertificate,
  getDeletedCertificate,
  listCertificateVersions,
  purgeCertificate,
  recoverCertificate,
} from '#core/certificates/certificates.ts'
import { prepareCertificate } from '#core/certificates/making.ts'
import { deleteOperation } from '#core/certificates/pending.ts'
import { principalByApp } from '#core/identity/directory.ts'
import { rotationAppId } from '#core/identity/principal.ts'
import { getKey } from '#core/keys/keys.ts'
import { setSecret } from '#core/secrets/secrets.ts'
import { VaultBook } from '#core/vaults/vaults.ts'
import { managerOf, vaultPath } from './planes/management/testing/manager.ts'
import { type Certifying, openCertifying } from './testing/certifying.ts'
import { type HeldUp, heldUpKeys, until } from './testing/rotating-keys.ts'

const day = 86_400_000
const self = { subject: 'CN=web.example', issuer: { name: 'Self' }, key: { type: 'EC' } } as const
const refused = (code: string) => (error: unknown) => error instanceof Fault && error.code === code

describe('a certificate', () => {
  let here: Certifying
  let door: HeldUp
  const module = new SoftwareKeys()

  before(async () => {
    door = heldUpKeys()
    here = await openCertifying({ custodians: { software: door, hsm: module } })
  })
  after(async () => {
    await here?.[Symbol.asyncDispose]()
    await door?.close()
    await module.close()
  })

  const management = async (method: string, body?: unknown) => {
    const token = await here.house.developerToken('https://management.cardea.internal')
    const heard = await (await managerOf(here.house)).ask(method, vaultPath('demo'), body, { token })
    assert.ok(heard.status < 300, heard.text)
  }
  const versions = async (name: string) =>
    (
      await here.look('certificates/read', (s) =>
        listCertificateVersions(s, here.vault, name, { after: undefined, limit: 25 }),
      )
    ).length
  const sighted = async (watch: 'near-expiry' | 'rotation-failed', name: string) => {
    const { database } = here.house.cardea.base
    const rule = { watch, scope: '/', threshold: 1, withinMs: 14 * day } as const
    const found = await findingsOf(rule, { sql: database.read, vaults: new VaultBook(database), at: here.now() })
    return found.map(({ says }) => says).filter((says) => says.includes(` ${name} `))
  }

  let letGo = () => {}
  // A server that still signs would never close.
  afterEach(() => letGo())

  /** Has whoever signs next wait, and gives what lets it go. */
  const holdSigning = () => {
    const begun = Promise.withResolvers<void>()
    const going = Promise.withResolvers<void>()
    letGo = going.resolve
    const { sign } = door
    door.sign = async (...given) => {
      begun.resolve()
      await going.promise
      door.sign = sign
      return sign.apply(door, given)
    }
    return { begun: begun.promise, go: going.resolve }
  }

  it('isn’t issued where its name was taken meanwhile, and its operation says why', async () => {
    const asked = await prepareCertificate(here.maker, here.vault, 'taken', self)
    const { begun, go } = holdSigning()
    await here.askPrepared('taken', self, asked)
    await begun
    await here.act('secrets/set', (s) => setSecret(s, here.vault, 'taken', 'mine', {}))
    go()
    await until('it has failed', async () => (await here.operation('taken')).status === 'failed')
    assert.match((await here.operation('taken')).trouble?.message as string, /There is a secret taken/)
    assert.equal((await here.secret('taken')).value, 'mine')
    await assert.rejects(
      here.look('keys/read', (s) => getKey(s, here.vault, 'taken')),
      refused('not-found'),
    )
    const deeds = (await here.house.deeds()).filter(({ resource }) => resource.endsWith('/certificates/taken'))
    assert.deepEqual(
      deeds.filter(({ operation }) => operation === 'CertificateEnroll').map(({ outcome }) => outcome),
      ['conflict'],
    )
  })

  it('isn’t issued once its operation is taken away, however far that has come', async () => {
    const asked = await prepareCertificate(here.maker, here.vault, 'dropped', self)
    const { begun, go } = holdSigning()
    await here.askPrepared('dropped', self, asked)
    await begun
    await here.act('certificates/update', (s) => deleteOperation(s, here.vault, 'dropped'))
    go()
    await assert.rejects(here.operation('dropped'), refused('not-found'))
    await here.issued('dropped', self)
    assert.equal(await versions('dropped'), 1)
  })

  it('can have its key in a hardware module, which signs for it and keeps it', async () => {
    await management('PATCH', { properties: { sku: { family: 'A', name: 'premium' } } })
    const inModule = { ...self, key: { type: 'EC', custody: 'hsm' } } as const
    const premium = { ...here, vault: { ...here.vault, sku: 'premium' as const } }
    const maker = { ...here.maker, custodians: { software: door, hsm: module } }
    const exportable = { ...inModule, key: { ...inModule.key, exportable: true } }
    await assert.rejects(prepareCertificate(maker, premium.vault, 'hard', exportable), refused('invalid'))
    const asked = await prepareCertificate(maker, premium.vault, 'hard', inModule)
    await here.askPrepared('hard', inModule, asked)
    await until('it is issued', async () => (await here.operation('hard')).status === 'completed')
    assert.equal((await here.look('keys/read', (s) => getKey(s, here.vault, 'hard'))).custody, 'hsm')
    const { value } = await here.secret('hard')
    // Without a private key there is no bundle to open.
    assert.throws(() => readBundle(value), refused('invalid'))
  })

  it('is seen to change with its key and its secret where the service’s delays are reproduced', async () => {
    await here.issued('slow', self)
    const { vault } = here
    await here.act('certificates/delete', (s) => deleteCertificate(s, vault, 'slow', 50))
    const deleted = () => here.look('certificates/read', (s) => getDeletedCertificate(s, vault, 'slow'))
    const isThere = (look: () => Promise<unknown>) => () =>
      look().then(
        () => true,
        () => false,
      )
    await here.leapTo(here.now() + 1_000)
    await until('it is deleted', isThere(deleted))
    await until('all is settled', async () => (await settling()) === 0)
    await here.act('certificates/recover', (s) => recoverCertificate(s, vault, 'slow', 50))
    await here.leapTo(here.now() + 1_000)
    await until(
      'it is back',
      isThere(() => here.secret('slow')),
    )
    await until('all is settled', async () => (await settling()) === 0)
    assert.equal((await here.look('keys/read', (s) => getKey(s, vault, 'slow'))).managed, true)
    await here.act('certificates/delete', (s) => deleteCertificate(s, vault, 'slow', 0))
    await here.act('certificates/purge', (s) => purgeCertificate(s, vault, 'slow', 50))
    await here.leapTo(here.now() + 1_000)
    await until('all is settled', async () => (await settling()) === 0)
    await here.issued('slow', self)
  })
  const settling = async () => {
    const { rows } = await here.house.cardea.base.database.read.run(
      "select kind from due where kind like 'settle-%'",
      [],
    )
    return rows.length
  }

  it('is renewed by nobody while the rotation engine may not, and an alert says so', async () => {
    const first = await here.issued('forbidden', self)
    const { notBefore = 0, expires = 0 } = first
    const { database, keyring } = here.house.cardea.base
    const engine = await principalByApp(database.read, keyring, rotationAppId)
    assert.ok(engine)
    await database.write(async (turn) => {
      await turn.sql.run(`delete from role_assignment where principal = '${engine.objectId}'`, [])
      turn.changeAccess()
    })
    await here.leapTo(notBefore + Math.ceil((expires - notBefore) * 0.8) + 1_000)
    await until('an alert says so', async () => (await sighted('rotation-failed', 'forbidden')).length === 1)
    assert.match((await sighted('rotation-failed', 'forbidden'))[0] as string, /^The certificate forbidden .* failed/)
    assert.equal(await versions('forbidden'), 1)
    const refusal = (await here.house.deeds()).find(
      ({ operation, resource }) => operation === 'CertificateRenew' && resource.endsWith('/forbidden'),
    )
    assert.equal(refusal?.outcome, 'forbidden')
    await here.house.assign(engine, builtInRoles.cardeaSecretRotator, here.vault.resourceId)
    await here.leapTo(here.now() + 3_600_000)
    await until('it is renewed', async () => (await versions('forbidden')) === 2)
    assert.deepEqual(await sighted('rotation-failed', 'forbidden'), [])
  })

  it('is told of once by the alert of near ends, and not for its key and its secret as well', async () => {
    const { expires = 0 } = await here.issued('alarming', { ...self, actions: [] })
    await here.leapTo(expires - 5 * day)
    const says = await sighted('near-expiry', 'alarming')
    assert.equal(says.length, 1)
    assert.match(says[0] as string, /^The certificate alarming of the vault demo expires at/)
  })

  it('waits while its vault is deleted, and is issued and renewed when that is back', async () => {
    await here.issued('resting', { ...self, validityMonths: 1 })
    const asked = await prepareCertificate(here.maker, here.vault, 'begun', self)
    const { begun, go } = holdSigning()
    await here.askPrepared('begun', self, asked)
    await begun
    await management('DELETE')
    go()
    await here.leapTo(here.now() + 29 * day)
    const { rows } = await here.house.cardea.base.database.read.run(
      "select subject from due where kind in ('issue-certificate', 'renew-certificate')",
      [],
    )
    assert.deepEqual(rows, [])
    await management('PUT', {
      location: here.vault.location,
      properties: {
        createMode: 'recover',
        tenantId: here.house.cardea.installation.tenant,
        sku: { family: 'A', name: 'premium' },
      },
    })
    await until('what was begun is issued', async () => (await here.operation('begun')).status === 'completed')
    await until('what is due is renewed', async () => (await versions('resting')) === 2)
  })
})
