import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { findingsOf } from '#core/alerts/findings.ts'
import { VaultBook } from '#core/vaults/vaults.ts'
import { managerOf, vaultPath } from './planes/management/testing/manager.ts'
import { type Kept, onBothEngines } from './testing/engines.ts'
import { asGrid, openWebHook, reaching, type WebHook } from './testing/receiver.ts'
import { openRotatingKeys, type RotatingKeys, until } from './testing/rotating-keys.ts'

const day = 86_400_000

onBothEngines((keep) => {
  let kept: Kept
  let hook: WebHook
  let here: RotatingKeys

  before(async () => {
    kept = await keep()
    hook = await openWebHook(asGrid)
    const { env, ...around } = reaching(hook)
    here = await openRotatingKeys({ ...around, env: { ...env, ...kept.env } })
    const manager = await managerOf(here.house)
    const path = `${vaultPath('demo')}/providers/Microsoft.EventGrid/eventSubscriptions/ends`
    const destination = { endpointType: 'WebHook', properties: { endpointUrl: hook.url } }
    assert.equal((await manager.ask('PUT', path, { properties: { destination } })).status, 201)
    await until(
      'the address was asked',
      async () => (await manager.ask('GET', path)).json.properties.provisioningState === 'Succeeded',
    )
  })
  after(async () => {
    await here?.[Symbol.asyncDispose]()
    await hook?.[Symbol.asyncDispose]()
    await kept?.[Symbol.asyncDispose]()
  })

  const ends = (name: string): string[] =>
    hook
      .events()
      .filter(({ subject, eventType }) => subject === name && /Near|Expired/.test(eventType))
      .map(({ eventType }) => eventType.split('.').at(-1) as string)
      .toSorted()
  const told = (name: string, ...types: string[]) =>
    until(`${types} was told of ${name}`, () => ends(name).join() === types.join())
  const quiet = async () => {
    await here.rests()
    await until('all is told', async () => {
      const { rows } = await here.house.cardea.base.database.read.run('select number from event_delivery', [])
      return rows.length === 0
    })
    await wait(50)
  }
  const inDays = (days: number) => Math.floor((here.now() + days * day) / 1000)

  describe('the end of a key', () => {
    it('is told thirty days before and when it comes, each once', async () => {
      const exp = inDays(60)
      const { key } = await here.create('plain', { attributes: { exp } })
      await here.create('off', { attributes: { exp, enabled: false } })
      await here.create('gone', { attributes: { exp } })
      await here.done('DELETE', '/keys/gone')
      await quiet()
      assert.deepEqual(ends('plain'), [])
      await here.leapTo((exp - 30 * 86_400) * 1000 + 1_000)
      await told('plain', 'KeyNearExpiry')
      const event = hook.events().find(({ eventType }) => eventType === 'Microsoft.KeyVault.KeyNearExpiry')
      assert.deepEqual(event.data, {
        Id: key.kid,
        VaultName: 'demo',
        ObjectType: 'Key',
        ObjectName: 'plain',
        Version: key.kid.split('/').at(-1),
        NBF: null,
        EXP: exp,
      })
      await here.done('PATCH', '/keys/plain', { tags: { still: 'the same' } })
      await here.leapTo(exp * 1000 + 1_000)
      await told('plain', 'KeyExpired', 'KeyNearExpiry')
      await quiet()
      assert.deepEqual([...ends('off'), ...ends('gone')], [])
      // Used again, they have come to their end.
      await here.done('PATCH', '/keys/off', { attributes: { enabled: true } })
      await here.done('POST', '/deletedkeys/gone/recover')
      for (const name of ['off', 'gone']) await told(name, 'KeyExpired', 'KeyNearExpiry')
    })

    it('is told when its policy says, and that of a secret of the same name by itself', async () => {
      const exp = inDays(100)
      await here.create('shared', { attributes: { exp } })
      await here.done('PUT', '/secrets/shared', { value: 'v', attributes: { exp } })
      await here.policy('shared', { notify: 'P60D' })
      await here.leapTo((exp - 60 * 86_400) * 1000 + 1_000)
      await told('shared', 'KeyNearExpiry')
      // What was told of the key is forgotten with its next version; of the secret nothing was told yet.
      await here.leapTo((exp - 30 * 86_400) * 1000 + 1_000)
      await told('shared', 'KeyNearExpiry', 'SecretNearExpiry')
      await here.create('shared', { attributes: { exp } })
      await told('shared', 'KeyNearExpiry', 'KeyNearExpiry', 'SecretNearExpiry')
      await here.done('PATCH', '/secrets/shared', { tags: { still: 'the same' } })
      await quiet()
      await here.leapTo(exp * 1000 + 1_000)
      await told('shared', 'KeyExpired', 'KeyNearExpiry', 'KeyNearExpiry', 'SecretExpired', 'SecretNearExpiry')
      await here.done('DELETE', '/secrets/shared')
      await here.done('DELETE', '/deletedsecrets/shared')
      await here.done('PATCH', '/keys/shared', { tags: { still: 'the same' } })
      await quiet()
      assert.equal(ends('shared').length, 5)
    })

    it('is told at once when a policy moves its notice to what has passed, and not again', async () => {
      const exp = inDays(100)
      await here.create('moved', { attributes: { exp } })
      await here.leapTo(here.now() + 20 * day)
      await quiet()
      assert.deepEqual(ends('moved'), [])
      await here.policy('moved', { notify: 'P90D' })
      await told('moved', 'KeyNearExpiry')
      await here.policy('moved', { notify: 'P10D' })
      await here.leapTo((exp - 9 * 86_400) * 1000)
      await quiet()
      assert.deepEqual(ends('moved'), ['KeyNearExpiry'])
    })

    it('is among what the alert of near ends finds', async () => {
      await here.create('alarming', { attributes: { exp: inDays(5) } })
      const { base } = here.house.cardea
      const rule = { watch: 'near-expiry', scope: '/', threshold: 1, withinMs: 7 * day } as const
      const where = { sql: base.database.read, vaults: new VaultBook(base.database), at: here.now() }
      const found = (await findingsOf(rule, where)).filter(({ says }) => says.includes('alarming'))
      assert.equal(found.length, 1)
      assert.match(found[0]?.says as string, /^The key alarming of the vault demo expires at .*az keyvault key rotate/)
    })

    it('is waited for again when its vault comes back', async () => {
      const exp = inDays(60)
      await here.create('back', { attributes: { exp } })
      await here.policy('back', { notify: 'P50D' })
      const manager = await managerOf(here.house)
      const token = () => here.house.developerToken('https://management.cardea.internal')
      const removed = await manager.ask('DELETE', vaultPath('demo'), undefined, { token: await token() })
      assert.equal(removed.status, 200, removed.text)
      await here.leapTo((exp - 50 * 86_400) * 1000 + 1_000)
      await wait(100)
      assert.deepEqual(ends('back'), [])
      const { tenant } = here.house.cardea.installation
      const properties = { tenantId: tenant, sku: { family: 'A', name: 'standard' }, createMode: 'recover' }
      const given = { token: await token() }
      const back = await manager.ask('PUT', vaultPath('demo'), { location: 'local', properties }, given)
      assert.ok([200, 201].includes(back.status), back.text)
      await told('back', 'KeyNearExpiry')
    })
  })
})
