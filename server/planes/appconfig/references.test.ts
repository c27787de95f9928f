import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { builtInRoles } from '@cardea/contract/roles'
import { asks, at } from './testing/asks.ts'
import { runningStore } from './testing/store.ts'

const { ok, problem } = asks(() => here)
const here = await runningStore()
after(() => here[Symbol.asyncDispose]())

const contentType = 'application/vnd.microsoft.appconfig.keyvaultref+json;charset=utf-8'
const reference = (secret: string) => ({
  content_type: contentType,
  value: JSON.stringify({ uri: `https://${here.house.vaultHost}/secrets/${secret}` }),
})

describe('a Key Vault reference', () => {
  it('is taken whatever becomes of it, and its writer is warned when the secret can’t be had', async () => {
    const token = await here.house.developerToken(`https://${here.host}`)
    const vault = await here.house.developerToken()
    const secret = (method: string, path: string, body?: unknown) =>
      here.house.ask(here.house.vaultHost, method, `/secrets/${path}?api-version=7.4`, { token: vault, body })
    const { json } = await secret('PUT', 'there', { value: 'v' })
    const first = json.id.split('/').at(-1)
    await secret('PUT', 'off', { value: 'v', attributes: { enabled: false } })
    const warning = async (key: string, to: string) => {
      const heard = await here.house.ask(here.host, 'PUT', at(key), { token, body: reference(to) })
      assert.equal(heard.status, 200)
      return heard.headers.warning
    }
    const missing = '299 cardea "The secret that the setting points at does not exist."'
    assert.equal(await warning('ref/a', 'there'), undefined)
    assert.equal(await warning('ref/b', `there/${first}`), undefined)
    assert.equal(await warning('ref/c', 'nowhere'), missing)
    assert.equal(await warning('ref/d', `there/${'0'.repeat(32)}`), missing)
    assert.equal(await warning('ref/e', 'off'), '299 cardea "The secret that the setting points at is disabled."')
    // An access key reads no vault, so it isn't told what is in one.
    for (const to of ['there', 'nowhere'])
      assert.equal(
        (await ok('PUT', at('ref/f'), { body: reference(to) })).headers.warning,
        '299 cardea "You may not read the secret that the setting points at."',
      )
    const list = await here.house.ask(here.host, 'GET', '/.cardea/references', { token })
    assert.deepEqual(
      list.json.items.map(({ key, secret: name, target, warning: words }: Record<string, string>) => [
        key,
        name,
        target,
        words === null,
      ]),
      [
        ['ref/a', 'there', 'readable', true],
        ['ref/b', 'there', 'readable', true],
        ['ref/c', 'nowhere', 'missing', false],
        ['ref/d', 'there', 'missing', false],
        ['ref/e', 'off', 'disabled', false],
        ['ref/f', 'nowhere', 'missing', false],
      ],
    )
  })

  it('is listed to those who may see its setting', async () => {
    const { principal, token } = await here.house.newcomer('reader of some')
    const condition = `@Resource[Microsoft.AppConfiguration/configurationStores/keyValues:key] StringEquals 'ref/c'`
    await here.house.assign(principal, builtInRoles.appConfigurationDataReader, here.store.resourceId, condition)
    const { json } = await here.house.ask(here.host, 'GET', '/.cardea/references', {
      token: await token(`https://${here.host}`),
    })
    assert.deepEqual(
      json.items.map(({ key, target }: Record<string, string>) => [key, target]),
      [['ref/c', 'unreadable']],
    )
  })
})

describe('a feature flag', () => {
  const type = 'application/vnd.microsoft.appconfig.ff+json;charset=utf-8'
  const put = (value: unknown) => ({
    method: 'PUT',
    body: { content_type: type, value: typeof value === 'string' ? value : JSON.stringify(value) },
  })
  const path = at('.appconfig.featureflag/f')

  it('is taken as the schema has it, variants, allocation and telemetry included', async () => {
    const flag = {
      id: 'f',
      description: 'd',
      enabled: true,
      conditions: {
        requirement_type: 'All',
        client_filters: [
          { name: 'Microsoft.Percentage', parameters: { Value: 50 } },
          { name: 'Microsoft.TimeWindow', parameters: { Start: 'Wed, 01 May 2024 13:59:59 GMT', End: null } },
          {
            name: 'Microsoft.Targeting',
            parameters: { Audience: { Users: ['a'], Groups: [{ Name: 'g', RolloutPercentage: 5 }] } },
          },
        ],
      },
      variants: [
        { name: 'on', configuration_value: { any: [1, null] }, status_override: 'Enabled' },
        { name: 'off', configuration_value: false },
      ],
      allocation: {
        default_when_enabled: 'on',
        default_when_disabled: 'off',
        user: [{ variant: 'on', users: ['a'] }],
        group: [{ variant: 'off', groups: ['g'] }],
        percentile: [{ variant: 'on', from: 0, to: 50.5 }],
        seed: 's',
      },
      telemetry: { enabled: true, metadata: { a: 'b' } },
      unknown: 'passed over',
    }
    const { json } = await ok('PUT', path, put(flag))
    assert.deepEqual(JSON.parse(json.value), flag)
    await ok('PUT', path, put({ id: 'f', enabled: false, conditions: { client_filters: [] } }))
    await ok('PUT', path, put({ id: 'f', description: null, conditions: null }))
  })

  const bad: [string, unknown, string][] = [
    ['no JSON', '{', 'value'],
    ['a list', [], 'value'],
    ['an empty id', { id: '' }, 'value.id'],
    ['an id with a colon', { id: 'a:b' }, 'value.id'],
    ['an id with a percent sign', { id: 'a%b' }, 'value.id'],
    ['enabled in words', { id: 'f', enabled: 'yes' }, 'value.enabled'],
    ['a description of two lines', { id: 'f', description: 'a\nb' }, 'value.description'],
    [
      'an unknown requirement',
      { id: 'f', conditions: { requirement_type: 'Some' } },
      'value.conditions.requirement_type',
    ],
    [
      'a filter without a name',
      { id: 'f', conditions: { client_filters: [{ name: 'a' }, {}] } },
      'value.conditions.client_filters[1].name',
    ],
    [
      'parameters that are a list',
      { id: 'f', conditions: { client_filters: [{ name: 'a', parameters: [] }] } },
      'value.conditions.client_filters[0].parameters',
    ],
    ['a variant without a name', { id: 'f', variants: [{}] }, 'value.variants[0].name'],
    [
      'an unknown override',
      { id: 'f', variants: [{ name: 'a', status_override: 'On' }] },
      'value.variants[0].status_override',
    ],
    [
      'users that are one text',
      { id: 'f', allocation: { user: [{ variant: 'a', users: 'b' }] } },
      'value.allocation.user[0].users',
    ],
    [
      'a group that isn’t a text',
      { id: 'f', allocation: { group: [{ variant: 'a', groups: [1] }] } },
      'value.allocation.group[0].groups[0]',
    ],
    [
      'more than a hundred percent',
      { id: 'f', allocation: { percentile: [{ variant: 'a', from: 0, to: 101 }] } },
      'value.allocation.percentile[0].to',
    ],
    [
      'a percentile without an end',
      { id: 'f', allocation: { percentile: [{ variant: 'a', from: 0 }] } },
      'value.allocation.percentile[0].to',
    ],
    ['metadata that isn’t text', { id: 'f', telemetry: { metadata: { a: 1 } } }, 'value.telemetry.metadata.a'],
  ]
  for (const [what, flag, name] of bad) {
    it(`with ${what} is refused, and told where`, async () => {
      const said = await problem(path, put(flag))
      assert.deepEqual([said.status, said.type, said.name], [400, 'https://azconfig.io/errors/invalid-argument', name])
    })
  }

  it('needs no id where its key names it, as Python’s SDK 1.4 writes them, and needs one elsewhere', async () => {
    await ok('PUT', path, put({ enabled: true }))
    assert.equal((await problem(at('elsewhere'), put({ enabled: true }))).name, 'value.id')
  })

  it('is none by its key alone: any text may stand there under another content type', async () => {
    await ok('PUT', at('.appconfig.featureflag/g'), { body: { value: 'no flag' } })
  })
})
