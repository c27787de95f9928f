import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { describe, it } from 'node:test'
import { ConfigurationError } from '@cardea/client/errors'
import { providersWith } from '@cardea/providers/providers'
import { administratorOf, startServices } from '@cardea/providers/testing/services'
import { openRotating } from '@cardea/server/testing/rotating'
import { type Surroundings, understood } from './rotation-tags.ts'
import { runAt } from './testing/real.ts'
import { type Answers, run } from './testing/world.ts'

const day = 86_400
const account = `/subscriptions/${randomUUID()}/resourceGroups/shop/providers/Microsoft.Storage/storageAccounts/shop`
const around: Surroundings = {
  management: 'https://management.azure.com',
  graph: 'https://graph.microsoft.com/v1.0',
  tokenUrl: 'https://login.microsoftonline.com/tenant/oauth2/v2.0/token',
  admin: 'admin',
  key: 'key',
}
const storage = { CredentialId: 'key1', ProviderAddress: account, ValidityPeriodDays: '60' }
const why = (tags: Record<string, string>, given: Partial<Surroundings> = {}): string => {
  const said = understood(tags, { ...around, ...given })
  return 'why' in said ? said.why : ''
}

describe('the tags of Azure’s rotation functions', () => {
  it('of a storage account are a service with two keys', () => {
    assert.deepEqual(understood(storage, around), {
      provider: 'two-key',
      binding: { account: `https://management.azure.com${account}`, apiVersion: '2023-01-01', admin: 'admin' },
      validityDays: 60,
      leadSeconds: 30 * day,
    })
  })

  it('of an application are an app registration, in the directory that they name or the usual one', () => {
    const [application, ClientId] = [randomUUID(), randomUUID()]
    const tags = { CredentialId: randomUUID(), ClientId, ValidityPeriodDays: '90' }
    const binding = { tokenUrl: around.tokenUrl, admin: 'admin', application, clientId: ClientId }
    for (const [ProviderAddress, graph, scope] of [
      [`/applications/${application}`, around.graph, 'https://graph.microsoft.com/.default'],
      [
        `https://graph.example/v1.0/applications/${application}`,
        'https://graph.example/v1.0',
        'https://graph.example/.default',
      ],
    ] as const) {
      const said = understood({ ...tags, ProviderAddress }, around)
      assert.deepEqual(said, {
        provider: 'app-registration',
        binding: { ...binding, graph, scope },
        validityDays: 90,
        leadSeconds: 30 * day,
      })
    }
  })

  it('of an https:// address are a webhook, which is told which credential is meant', () => {
    assert.deepEqual(
      understood({ ProviderAddress: 'https://functions.example/rotate', CredentialId: 'billing' }, around),
      {
        provider: 'webhook',
        binding: { url: 'https://functions.example/rotate', key: 'key', target: 'billing' },
        // As Azure's functions take it where nothing is said.
        validityDays: 60,
        leadSeconds: 30 * day,
      },
    )
  })

  it('never have a version replaced in the first half of its life', () => {
    for (const [days, lead] of [
      ['1', 0.5],
      ['45', 22.5],
      ['365', 30],
    ] as const) {
      const said = understood({ ...storage, ValidityPeriodDays: days }, around)
      assert.equal('leadSeconds' in said && said.leadSeconds, lead * day)
    }
  })

  it('that can’t be bound say why, and what to do instead', () => {
    const redis = account.replace('Microsoft.Storage/storageAccounts', 'Microsoft.Cache/Redis')
    const wishes: [Record<string, string>, Partial<Surroundings>, RegExp][] = [
      [{ ...storage, ProviderAddress: redis }, {}, /--provider redis, or a webhook/],
      [{ ...storage, ProviderAddress: redis.replace('Cache/Redis', 'Foo/bars') }, {}, /no provider knows it/],
      [{ ...storage, CredentialId: 'key3' }, {}, /must be key1 or key2/],
      [storage, { admin: undefined }, /--admin SECRET/],
      [{ ProviderAddress: 'https://f.example/' }, { key: undefined }, /--key SECRET/],
      [{ ProviderAddress: 'https://f.example/?code=s3cret' }, {}, /has a query/],
      [{ ProviderAddress: `/applications/${randomUUID()}` }, {}, /a tag ClientId/],
      [
        {
          ProviderAddress: account.replace('Microsoft.Storage/storageAccounts', 'Microsoft.DBforMySQL/flexibleServers'),
        },
        {},
        /bind it with --provider mysql/,
      ],
      [{ ...storage, ValidityPeriodDays: '0' }, {}, /from 1 to 3650/],
      [{ ...storage, ValidityPeriodDays: '-1' }, {}, /from 1 to 3650/],
      [{ ...storage, ValidityPeriodDays: 'ninety' }, {}, /from 1 to 3650/],
    ]
    for (const [tags, given, words] of wishes) assert.match(why(tags, given), words)
  })

  it('that were written to do harm are refused as what they are not', () => {
    const application = randomUUID()
    for (const ProviderAddress of [
      "'; drop table secret; --",
      `${account}/../../../providers/Microsoft.Storage/storageAccounts/other`,
      `${account}?x=`,
      `${account}#`,
      `${account}\n`,
      `@evil.example${account}`,
      `http://evil.example/applications/${application}`,
      `https://user@evil.example/applications/${application}`,
      'https://user:pass@evil.example/',
      'https://[::1',
      'javascript:alert(1)',
      '//evil.example/',
      '\u001b[2J',
      '',
    ]) {
      assert.notEqual(why({ ProviderAddress, CredentialId: application, ClientId: application }), '', ProviderAddress)
    }
    for (const CredentialId of ["' or 1=1 --", '\u001b[2J', '{{x}}$(x)', 'x'.repeat(257)]) {
      assert.notEqual(why({ ProviderAddress: 'https://f.example/', CredentialId }), '', CredentialId)
    }
  })
})

describe('cardea rotation import', () => {
  it('shows what it would bind, binds it, and the secret rotates at its target from then on; that is undone', async () => {
    await using services = await startServices()
    const providers = providersWith({ loopback: true })
    await using here = await openRotating({ rotation: { providers } })
    await here.set('admin', administratorOf(services))
    const tags = { CredentialId: 'key1', ProviderAddress: account, ValidityPeriodDays: '60' }
    await here.set('storage-key', services.keys.get('key1') ?? '', { tags })
    await here.set('evil', 'x', { tags: { ProviderAddress: "'; drop table secret; --\u001b[2J" } })
    await here.set('plain', 'x')
    const command = ['rotation', 'import', '--admin', 'admin', '--management', services.origin]

    const plan = await runAt(here.house, command)
    assert.equal(plan.exit, 1, 'one is refused')
    assert.match(plan.out, /storage-key\s+to bind\s+two-key\s+30 days before the end of 60 days/)
    assert.match(plan.out, /evil\s+refused\s+.*neither the id of a resource/)
    assert.match(plan.out, /Nothing has changed/)
    assert.ok(!plan.out.includes('\u001b') && !/plain|drop table/.test(plan.out))
    assert.equal((await here.ask('GET', '/.cardea/secrets/storage-key/rotation')).status, 404)

    const done = JSON.parse((await runAt(here.house, [...command, 'storage-key', '--apply', '--json'])).out)
    assert.equal(done.applied, true)
    const [step] = done.steps
    assert.deepEqual([step.name, step.what, step.provider, step.validityDays], ['storage-key', 'bound', 'two-key', 60])
    const { schedule, intervalSeconds } = await here.show('storage-key')
    assert.deepEqual([schedule?.beforeExpirySeconds, schedule?.validitySeconds], [30 * day, 60 * day])
    assert.equal(intervalSeconds, null)

    await here.rotate('storage-key')
    await here.reaches('storage-key', 'grace')
    const { value, tags: after, attributes } = (await here.get('storage-key')).json
    assert.equal(value, services.keys.get('key2'), 'the other of the two keys, made anew')
    assert.deepEqual(after, { ...tags, CredentialId: 'key2' })
    assert.equal(attributes.exp - attributes.created, 60 * day)

    // What is bound stays as it is.
    const again = await runAt(here.house, [...command, 'storage-key', '--apply'])
    assert.equal(again.exit, 0)
    assert.match(again.out, /bound to two-key already/)
    const undo = (step.undo as string).split(' ').slice(1, 4)
    assert.equal((await runAt(here.house, undo)).exit, 0)
    assert.equal((await here.ask('GET', '/.cardea/secrets/storage-key/rotation')).status, 404)
  })

  it('tells what the server refuses beside what it does', async () => {
    await using here = await openRotating()
    const tags = { ProviderAddress: account }
    await here.set('storage-key', 'x', { tags })
    const { exit, out } = await runAt(here.house, ['rotation', 'import', '--admin', 'Storage-Key', '--apply'])
    assert.equal(exit, 1)
    assert.match(out, /storage-key\s+refused\s+.*can't be the credential that changes it/)
    const none = await runAt(here.house, ['rotation', 'import', 'no-such', '--apply'])
    assert.equal(none.exit, 1)
    assert.match(none.err, /no secret no-such/)
    for (const address of ['file:///etc', 'http://management.example', 'http://127.0.0.1.example']) {
      const unsafe = await runAt(here.house, ['rotation', 'import', '--management', address])
      assert.equal(unsafe.exit, 2, address)
    }
  })

  it('that is torn off tells what is bound, and how to undo it', async () => {
    const items = ['one', 'two', 'three'].map((name) => ({
      id: `https://demo.vault.cardea.internal/secrets/${name}`,
      attributes: { enabled: true, created: 1, updated: 1 },
      tags: { ProviderAddress: account },
    }))
    const answers: Answers = ({ method, url }) => {
      if (method !== 'PUT') return { body: { value: url.pathname === '/secrets' ? items : [] } }
      if (url.pathname.includes('/two/')) throw new ConfigurationError('unreachable', 'Nobody answers there.')
      return { body: { due: null } }
    }
    for (const more of [[], ['--json']]) {
      const line = ['rotation', 'import', '--admin', 'admin', '--apply', ...more]
      const { exit, out, err } = await run(line, { answers })
      assert.equal(exit, 1)
      assert.match(err, /Nobody answers there/)
      assert.match(out, /cardea rotation unbind one /)
      assert.doesNotMatch(out, /unbind (two|three)/)
    }
  })
})
