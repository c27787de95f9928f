import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { openKeyValueServer } from './testing/hashicorp.ts'
import { importing, type Step } from './testing/importing.ts'
import { runAt } from './testing/real.ts'

const here = await importing()
const { folder, secret } = here

describe('secrets from HashiCorp Vault', () => {
  const env = { VAULT_TOKEN: 'a-token-of-theirs' }
  const mounts = {
    secret: {
      version: '2',
      secrets: {
        'orders/db': { user: 'o', password: 'p/w' },
        'orders/key': { value: 'k' },
        'orders/gone': null,
        'orders/deep/limit': { max: 10, on: true },
        orders: { a: 'b' },
        other: { x: 'y' },
      },
    },
    'old/kv': { version: '1', secrets: { one: { value: '1' }, 'two words': { user: 'u' } } },
  } as const

  it('are read in both versions of its engine, and named by their paths', async () => {
    await using server = await openKeyValueServer(env.VAULT_TOKEN, mounts)
    const around = { env: { ...env, VAULT_ADDR: server.address } }
    const first = await runAt(here.house, ['import', '--from', 'kv:secret/orders', '--prefix', 'v2-', '--json'], around)
    const plan = JSON.parse(first.out)
    assert.deepEqual(plan.steps.map(({ what, name }: Step[][0]) => `${what} ${name}`).sort(), [
      'new v2-orders-a',
      'new v2-orders-db-password',
      'new v2-orders-db-user',
      'new v2-orders-deep-limit-max',
      'new v2-orders-deep-limit-on',
      'new v2-orders-key',
      'refused ',
    ])
    assert.doesNotMatch(first.out, /p\/w/)
    assert.equal(
      (
        await runAt(
          here.house,
          ['import', '--from', 'kv:secret/orders', '--prefix', 'v2-', '--skip-refused', '--apply'],
          around,
        )
      ).exit,
      0,
    )
    assert.deepEqual(
      [await secret('v2-orders-db-password'), await secret('v2-orders-key'), await secret('v2-orders-deep-limit-max')],
      ['p/w', 'k', '10'],
    )
    const old = await runAt(here.house, ['import', '--from', 'kv:old/kv', '--apply'], around)
    assert.equal(old.exit, 0, old.err)
    assert.deepEqual([await secret('one'), await secret('two-words-user')], ['1', 'u'])
    assert.ok(!server.asked.some((path) => path.startsWith('secret/data/other')))
  })

  it('are refused where the token, the mount or the address is wrong, and no token is shown', async () => {
    await using server = await openKeyValueServer('another', mounts)
    for (const [from, around, exit] of [
      ['kv:secret/orders', { ...env, VAULT_ADDR: server.address }, 1],
      ['kv:nothing', { VAULT_TOKEN: 'another', VAULT_ADDR: server.address }, 1],
      ['kv:', { ...env, VAULT_ADDR: server.address }, 2],
      ['kv:secret/../sys', { ...env, VAULT_ADDR: server.address }, 2],
      ['kv:secret', env, 2],
      ['kv:secret', { ...env, VAULT_ADDR: 'http://vault.example.org' }, 2],
      ['kv:secret', { VAULT_ADDR: server.address, HOME: folder }, 2],
      ['kv:secret', { VAULT_ADDR: server.address, VAULT_TOKEN: 'a-token-of-theirs\nand more' }, 2],
    ] as const) {
      const ran = await runAt(here.house, ['import', '--from', from], { env: around })
      assert.deepEqual([ran.exit, ran.out], [exit, ''], `${from} ${ran.err}`)
      assert.doesNotMatch(ran.err, /a-token-of-theirs|\n +at /)
    }
  })
})
