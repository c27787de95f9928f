import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { managementHost, managerOf } from './planes/management/testing/manager.ts'
import { type Heard, openHouse } from './testing/house.ts'
import { asGrid, openWebHook, reaching, type WebHook } from './testing/receiver.ts'
import { at, left, secret, subscribe, until, vault } from './testing/subscribing.ts'

const day = 86_400_000
const typesOf = (hook: WebHook): string[] => hook.events().map(({ eventType, type }) => eventType ?? type)

describe('the end of a secret', () => {
  const nearAndExpired = async (hook: WebHook, name: string) =>
    hook
      .events()
      .filter(({ subject, eventType }) => subject === name && /Near|Expired/.test(eventType))
      .map(({ eventType }) => eventType.split('.').at(-1))

  it('is told thirty days before and when it comes, each once for a version and its date', async () => {
    let ahead = 0
    const clock = () => Date.now() + ahead
    await using hook = await openWebHook(asGrid)
    await using house = await openHouse({ ...reaching(hook), clock })
    const manager = await managerOf(house)
    await subscribe(manager, hook)
    const inDays = (days: number) => Math.floor((clock() + days * day) / 1000)
    const quiet = async () => {
      await until(async () => (await left(house)).length === 0)
      await wait(60)
    }
    await secret(house, 'PUT', 'far', { value: 'v', attributes: { exp: inDays(60) } })
    await secret(house, 'PUT', 'soon', { value: 'v', attributes: { exp: inDays(10) } })
    await secret(house, 'PUT', 'off', { value: 'v', attributes: { exp: inDays(10), enabled: false } })
    await secret(house, 'PUT', 'gone', { value: 'v', attributes: { exp: inDays(60) } })
    await secret(house, 'DELETE', 'gone')
    await until(async () => (await nearAndExpired(hook, 'soon')).length === 1)
    await quiet()
    assert.deepEqual(await nearAndExpired(hook, 'far'), [])
    ahead = 31 * day
    await secret(house, 'PUT', 'tick', { value: 'v' })
    await until(async () => (await nearAndExpired(hook, 'far')).length === 1)
    await until(async () => (await nearAndExpired(hook, 'soon')).length === 2)
    assert.deepEqual(await nearAndExpired(hook, 'soon'), ['SecretNearExpiry', 'SecretExpired'])
    // The same date again is no news; another one is.
    await secret(house, 'PATCH', 'far', { attributes: { exp: inDays(28) } })
    await until(async () => (await nearAndExpired(hook, 'far')).length === 2)
    await secret(house, 'PATCH', 'far', { tags: { still: 'the same' } })
    await quiet()
    assert.equal((await nearAndExpired(hook, 'far')).length, 2)
    // A new version without an end silences what waited for the one before.
    await secret(house, 'PUT', 'far', { value: 'next' })
    ahead = 70 * day
    await secret(house, 'PUT', 'tick', { value: 'v' })
    await quiet()
    assert.equal((await nearAndExpired(hook, 'far')).length, 2)
    assert.deepEqual(await nearAndExpired(hook, 'off'), [])
    assert.deepEqual(await nearAndExpired(hook, 'gone'), [])
    // Used again, it has come to its end.
    await secret(house, 'PATCH', 'off', { attributes: { enabled: true } })
    await until(async () => (await nearAndExpired(hook, 'off')).length === 2)
  })

  it('is waited for again when its vault comes back', async () => {
    let ahead = 0
    await using hook = await openWebHook(asGrid)
    await using house = await openHouse({ ...reaching(hook), clock: () => Date.now() + ahead })
    const manager = await managerOf(house)
    await subscribe(manager, hook)
    await secret(house, 'PUT', 'x', { value: 'v', attributes: { exp: Math.floor((Date.now() + 60 * day) / 1000) } })
    assert.equal((await manager.ask('DELETE', vault)).status, 200)
    ahead = 31 * day
    const fresh = await house.developerToken('https://management.cardea.internal')
    await wait(60)
    assert.deepEqual(await nearAndExpired(hook, 'x'), [])
    const properties = {
      tenantId: house.cardea.installation.tenant,
      sku: { family: 'A', name: 'standard' },
      createMode: 'recover',
    }
    const back = await manager.ask('PUT', vault, { location: 'local', properties }, { token: fresh })
    assert.ok([200, 201].includes(back.status), back.text)
    await until(async () => (await nearAndExpired(hook, 'x')).length === 1)
  })
})

describe('who else listens', () => {
  it('hears of access policies, and of settings and snapshots of a store', async () => {
    await using hook = await openWebHook(asGrid)
    await using house = await openHouse(reaching(hook))
    const manager = await managerOf(house)
    await subscribe(manager, hook, {}, at(''))
    await manager.ask('PATCH', vault, { properties: { enableRbacAuthorization: false } })
    await until(() => typesOf(hook).includes('Microsoft.KeyVault.VaultAccessPolicyChanged'))
    const token = await house.developerToken('https://demo.config.cardea.internal')
    const put = await house.ask(house.storeHost, 'PUT', '/kv/k?label=l&api-version=2023-11-01', {
      token,
      body: { value: 'never-in-an-event' },
      headers: { 'content-type': 'application/vnd.microsoft.appconfig.kv+json' },
    })
    assert.equal(put.status, 200, put.text)
    await until(() => typesOf(hook).includes('Microsoft.AppConfiguration.KeyValueModified'))
    const event = hook.events().find(({ eventType }) => eventType.endsWith('KeyValueModified'))
    assert.equal(event.subject, 'https://demo.config.cardea.internal/kv/k?label=l')
    assert.equal(event.data.etag, put.json.etag)
    assert.doesNotMatch(JSON.stringify(hook.events()), /never-in-an-event/)
  })

  it('hears of every way in which access to a vault is changed, and of none that changes nothing', async () => {
    await using hook = await openWebHook(asGrid)
    await using house = await openHouse(reaching(hook))
    const manager = await managerOf(house)
    await subscribe(manager, hook, {}, at(''))
    const changed = () => typesOf(hook).filter((type) => type === 'Microsoft.KeyVault.VaultAccessPolicyChanged').length
    const [tenantId, objectId] = [house.cardea.installation.tenant, '00000000-0000-4000-8000-00000000000a']
    const single = (kind: string, secrets: string[]) =>
      manager.ask('PUT', `${vault}/accessPolicies/${kind}`, {
        properties: { accessPolicies: [{ tenantId, objectId, permissions: { secrets } }] },
      })
    const conversion = `/.cardea/access/conversion?resource=${encodeURIComponent(`/subscriptions/${manager.subscription}${vault}`)}`
    const ways: readonly (() => Promise<Heard>)[] = [
      () => manager.ask('PATCH', vault, { properties: { enableRbacAuthorization: false } }),
      () => single('add', ['get']),
      () => single('replace', ['list']),
      () => single('remove', ['list']),
      () => house.ask(managementHost, 'POST', conversion, { token: manager.token }),
    ]
    for (const [index, change] of ways.entries()) {
      const { status, text } = await change()
      assert.ok(status < 300, text)
      await until(() => changed() === index + 1)
    }
    assert.equal((await single('remove', ['list'])).status, 200)
    await manager.ask('PATCH', vault, { properties: { enableRbacAuthorization: false } })
    await until(() => changed() > ways.length)
    assert.equal(changed(), ways.length + 1)
    const [event] = hook.events().filter(({ eventType }) => eventType.endsWith('VaultAccessPolicyChanged'))
    assert.equal(event.data.ObjectName, 'demo')
  })

  it('hears how a rotation goes, if it asks for our types', async () => {
    await using hook = await openWebHook(asGrid)
    await using house = await openHouse(reaching(hook))
    const manager = await managerOf(house)
    const types = ['RotationStarted', 'RotationVerified', 'RotationPublished', 'RotationRetired']
    const includedEventTypes = types.map((type) => `Cardea.${type}`)
    await subscribe(manager, hook, { filter: { includedEventTypes } })
    const token = await house.developerToken()
    const bound = await house.ask(house.vaultHost, 'PUT', '/.cardea/secrets/session/rotation', {
      token,
      body: { provider: 'random', binding: {}, intervalSeconds: null },
    })
    assert.equal(bound.status, 200, bound.text)
    await until(() => hook.events().length === 4)
    assert.deepEqual(new Set(typesOf(hook)), new Set(includedEventTypes))
    const { data, subject } = hook.events().find(({ eventType }) => eventType === 'Cardea.RotationPublished')
    assert.deepEqual([subject, data.Provider, data.Reason], ['session', 'random', 'scheduled'])
    assert.match(data.Version, /^[0-9a-f]{32}$/)
    assert.equal(new Set(hook.events().map((event) => event.data.RotationId)).size, 1)
  })
})
