import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, describe, it } from 'node:test'
import { type House, openHouse } from '@cardea/server/testing/house'
import { openKeyValueServer } from './testing/hashicorp.ts'
import { runAt } from './testing/real.ts'
import { run, storeUrl } from './testing/world.ts'

let house: House
const folder = mkdtempSync(join(tmpdir(), 'cardea-import-'))
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}
before(async () => {
  house = await openHouse()
})
after(async () => {
  await house[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})
const cardea = (...words: string[]) => runAt(house, words)
type Steps = {
  what: string
  name: string
  from: string | null
  label: string | null
  reason: string | null
  before: string | null
  after?: string
}[]
async function steps(
  ...words: string[]
): Promise<{ exit: number; steps: Steps; text: string; counts: Record<string, number> }> {
  const { exit, out, err } = await cardea('import', ...words, '--json')
  assert.notEqual(out, '', err)
  return { exit, text: out, ...(JSON.parse(out) as { steps: Steps; counts: Record<string, number> }) }
}
const secret = async (name: string) => (await cardea('secret', 'show', name)).out

describe('secrets from a .env file', () => {
  it('are planned first, and nothing changes; no value is shown', async () => {
    const env = file('.env', 'DB_PASSWORD=hunter2\nAPI_KEY="k e y"\n')
    const { exit, out } = await cardea('import', '--from', env, '--to', 'vault')
    assert.equal(exit, 0)
    assert.match(out, /new +API-KEY +API_KEY\nnew +DB-PASSWORD +DB_PASSWORD\n2 new\nNothing has changed\. .*--apply/)
    assert.doesNotMatch(out, /hunter2|k e y/)
    assert.equal((await cardea('secret', 'show', 'DB-PASSWORD')).exit, 1)
  })

  it('are brought over, with the names they had, and a second run has nothing to do', async () => {
    const env = join(folder, '.env')
    const { exit, out } = await cardea('import', '--from', env, '--to', 'vault', '--tag', 'team=red', '--apply')
    assert.equal(exit, 0)
    assert.match(out, /^2 of 2 are done in https/)
    assert.equal(await secret('DB-PASSWORD'), 'hunter2')
    const { tags } = JSON.parse((await cardea('secret', 'show', 'API-KEY', '--json')).out)
    assert.deepEqual(tags, { 'original-name': 'API_KEY', team: 'red' })
    const again = await steps('--from', env, '--to', 'vault', '--tag', 'team=red', '--apply')
    assert.deepEqual([again.exit, again.counts.same, again.steps.length], [0, 2, 0])
  })

  it('say which version was before what they changed', async () => {
    const versions = JSON.parse((await cardea('secret', 'versions', 'DB-PASSWORD', '--json')).out)
    const env = file('.env', 'DB_PASSWORD=changed\nAPI_KEY="k e y"\nNEW=1\n')
    const { out } = await cardea('import', '--from', env, '--to', 'vault', '--apply')
    assert.match(
      out,
      new RegExp(
        `What was before:\n {2}DB-PASSWORD was ${versions[0].version}, and is [0-9a-f]{32}\n2 of 2 are done in .*; 1 were the same already`,
      ),
    )
    assert.equal((await cardea('secret', 'show', 'DB-PASSWORD', '--version', versions[0].version)).out, 'hunter2')
  })

  it('of one name, of none and of a deleted one are refused, and so is everything until it is said otherwise', async () => {
    await runAt(house, ['secret', 'set', 'gone'], { stdin: 'x' })
    await cardea('secret', 'delete', 'gone')
    const env = file('clash.env', 'A_B=1\nA.B=2\nGRÜN=3\nGONE=4\nEMPTY=\nFINE=5\n')
    const plan = await steps('--from', env, '--to', 'vault')
    assert.equal(plan.exit, 1)
    assert.deepEqual(
      plan.steps.map(({ what, from, reason }) => [
        what,
        from,
        /same secret as (\S+):|no name|is empty|deleted secret/.exec(reason ?? '')?.[1] ?? reason !== null,
      ]),
      [
        ['refused', 'A.B', 'A_B'],
        ['refused', 'A_B', 'A.B'],
        ['refused', 'EMPTY', true],
        ['new', 'FINE', false],
        ['refused', 'GONE', true],
        ['refused', 'GRÜN', true],
      ],
    )
    const refused = await cardea('import', '--from', env, '--to', 'vault', '--apply')
    assert.deepEqual([refused.exit, /nothing was changed/.test(refused.err)], [1, true])
    assert.equal((await cardea('secret', 'show', 'FINE')).exit, 1)
    const mapped = await cardea(
      'import',
      '--from',
      env,
      '--to',
      'vault',
      '--map',
      'GRÜN=green',
      '--map',
      'A_B=a-b-1',
      '--map',
      'A.B=a-b-2',
      '--map',
      'GONE=gone-2',
      '--skip-refused',
      '--apply',
    )
    assert.match(mapped.out, /5 of 5 are done/)
    assert.deepEqual([await secret('green'), await secret('a-b-2'), await secret('gone-2')], ['3', '2', '4'])
  })

  it('delete what has their prefix and nothing else, where that is said', async () => {
    for (const name of ['own-old', 'own-kept', 'other']) await runAt(house, ['secret', 'set', name], { stdin: 'x' })
    const env = file('own.env', 'KEPT=x\n')
    assert.equal((await cardea('import', '--from', env, '--to', 'vault', '--strict')).exit, 2)
    const plan = await steps('--from', env, '--to', 'vault', '--prefix', 'OWN-', '--strict')
    assert.deepEqual(
      plan.steps.filter(({ what }) => what === 'delete').map(({ name }) => name),
      ['own-old'],
    )
    const { out } = await cardea('import', '--from', env, '--to', 'vault', '--prefix', 'OWN-', '--strict', '--apply')
    assert.match(out, /own-old comes back with: cardea secret recover own-old/)
    assert.deepEqual([(await cardea('secret', 'show', 'own-old')).exit, await secret('other')], [1, 'x'])
  })
})

it('an import that is stopped goes on where it was', async () => {
  const count = 300
  const lines = Array.from({ length: count }, (_, at) => `STOPPED_${at}=value ${at}\n`)
  const words = ['import', '--from', file('stopped.env', lines.join('')), '--to', 'vault', '--apply', '--json']
  const child = spawn(process.execPath, [join(import.meta.dirname, 'cardea.js'), ...words, '--data', house.data], {
    env: { PATH: process.env.PATH ?? '' },
  })
  let [out, err] = ['', '']
  child.stdout.on('data', (part) => {
    out += part
  })
  child.stderr.on('data', (part) => {
    err += part
    if (/50 of 300/.test(err)) child.kill('SIGINT')
  })
  const [code] = await once(child, 'close')
  const first = JSON.parse(out) as { left: number; steps: unknown[] }
  assert.deepEqual([code, first.left + first.steps.length], [1, count])
  assert.ok(first.left > 0 && first.steps.length >= 50, `${first.left} were left`)
  const second = JSON.parse((await cardea(...words)).out)
  assert.deepEqual([second.counts.same, second.counts.new, second.left], [first.steps.length, first.left, 0])
  assert.equal(await secret(`STOPPED-${count - 1}`), `value ${count - 1}`)
})

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
    const first = await runAt(house, ['import', '--from', 'kv:secret/orders', '--prefix', 'v2-', '--json'], around)
    const plan = JSON.parse(first.out)
    assert.deepEqual(plan.steps.map(({ what, name }: Steps[0]) => `${what} ${name}`).sort(), [
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
          house,
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
    const old = await runAt(house, ['import', '--from', 'kv:old/kv', '--apply'], around)
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
      const ran = await runAt(house, ['import', '--from', from], { env: around })
      assert.deepEqual([ran.exit, ran.out], [exit, ''], `${from} ${ran.err}`)
      assert.doesNotMatch(ran.err, /a-token-of-theirs|\n +at /)
    }
  })
})

describe('settings', () => {
  const json =
    '{"Greeting":"Hello","Limits":{"Max":10},"feature_management":{"feature_flags":[{"id":"Beta","enabled":true}]}}'

  it('come from a tree, are compared, and changed only as they were', async () => {
    const from = file('settings.json', json)
    const words = ['--from', from, '--to', 'store', '--separator', ':', '--prefix', 'Shop:', '--label', 'de']
    const plan = await steps(...words)
    assert.deepEqual(
      plan.steps.map(({ what, name, label }) => [what, name, label]),
      [
        ['new', 'Shop:Greeting', 'de'],
        ['new', 'Shop:Limits:Max', 'de'],
        ['new', '.appconfig.featureflag/Beta', 'de'],
      ],
    )
    assert.equal((await steps(...words, '--apply')).exit, 0)
    assert.equal((await cardea('setting', 'show', 'Shop:Limits:Max', '--label', 'de')).out, '10')
    assert.equal((await steps(...words)).counts.same, 3)
    const changed = file('changed.json', json.replace('Hello', 'Hallo'))
    const after = await steps('--from', changed, ...words.slice(2), '--apply')
    assert.deepEqual(
      after.steps.map(({ what, name }) => [what, name]),
      [['changed', 'Shop:Greeting']],
    )
    assert.equal((await cardea('setting', 'show', 'Shop:Greeting', '--label', 'de')).out, 'Hallo')
    const [made] = JSON.parse((await cardea('changeset', 'list', '--json')).out)
    assert.deepEqual([made.state, made.count, made.description], ['applied', 1, `cardea import from ${changed}`])
    const undone = await cardea('changeset', 'undo', made.id)
    assert.deepEqual([undone.exit, / is undone, by /.test(undone.out)], [0, true], undone.err)
    assert.equal((await cardea('setting', 'show', 'Shop:Greeting', '--label', 'de')).out, 'Hello')
    assert.equal((await cardea('changeset', 'undo', made.id)).exit, 1, 'twice')
    assert.equal((await cardea('changeset', 'undo', 'nonsense')).exit, 2)
  })

  it('come in one step, all or none, and more than a thousand in several', async () => {
    const many = file(
      'many.json',
      JSON.stringify(Object.fromEntries(Array.from({ length: 1001 }, (_, at) => [`k${at}`, 'v']))),
    )
    const plan = await steps('--from', many, '--to', 'store', '--prefix', 'many/', '--apply')
    assert.deepEqual(
      [plan.exit, plan.steps.length, (plan as unknown as { changeSets: string[] }).changeSets.length],
      [0, 1001, 2],
    )
    const hundred = file(
      'hundred.json',
      JSON.stringify(Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`k${at}`, 'w']))),
    )
    const half = await cardea('import', '--from', hundred, '--to', 'store', '--prefix', 'many/', '--apply')
    assert.match(
      half.out,
      /100 of 100 are done in .*\nAll in one step, .*\nIt is undone with: cardea changeset undo [0-9a-f-]{36}\n$/,
    )
    const big = file('big.json', JSON.stringify({ fine: 'x', big: 'x'.repeat(20_000) }))
    const refused = await cardea('import', '--from', big, '--to', 'store', '--prefix', 'all/', '--apply')
    assert.equal(refused.exit, 1)
    assert.equal((await cardea('setting', 'show', 'all/fine')).exit, 1, 'not even what would have fitted')
  })

  it('that may not be deleted are those of an empty source, and of what could not be read', async () => {
    const empty = file('empty.json', '{}')
    const ran = await cardea('import', '--from', empty, '--to', 'store', '--prefix', 'Shop:', '--strict', '--apply')
    assert.deepEqual([ran.exit, /nothing in .*--strict would delete all/.test(ran.err)], [1, true])
    await cardea('setting', 'set', 'held/list', 'x')
    const held = file('held.json', '{"list":[],"other":"y"}')
    const plan = await steps('--from', held, '--to', 'store', '--prefix', 'held/', '--separator', '/', '--strict')
    assert.deepEqual(
      plan.steps.map(({ what, from }) => [what, from]),
      [
        ['new', 'other'],
        ['refused', 'list'],
      ],
    )
  })

  it('under other labels than those of the import are nobody’s to delete', async () => {
    await cardea('setting', 'set', 'lab/old', 'x')
    await cardea('setting', 'set', 'lab/old', 'x', '--label', 'de')
    const items = [{ key: 'lab/new', value: 'y', label: 'de', content_type: '', tags: {} }]
    const whole = file('labels.json', JSON.stringify({ items }))
    const plan = await steps(
      '--from',
      whole,
      '--to',
      'store',
      '--profile',
      'appconfig/kvset',
      '--prefix',
      'lab/',
      '--strict',
    )
    assert.deepEqual(
      plan.steps.map(({ what, name, label }) => [what, name, label]),
      [
        ['new', 'lab/new', 'de'],
        ['delete', 'lab/old', 'de'],
      ],
    )
  })

  it('that are feature flags are the same in whatever order and spacing az has written them', async () => {
    const key = '.appconfig.featureflag/Beta'
    const value = '{"conditions": {"client_filters": []}, "enabled": true, "id": "Beta", "display_name": null}'
    const content_type = 'application/vnd.microsoft.appconfig.ff+json;charset=utf-8'
    const items = [{ key, value, label: 'de', content_type, tags: {} }]
    const now = await cardea('setting', 'show', key, '--label', 'de')
    assert.deepEqual(JSON.parse(now.out), { id: 'Beta', enabled: true })
    const other = file('flag.json', JSON.stringify({ items }))
    const same = file(
      'same.json',
      JSON.stringify({ items: [{ ...items[0], value: '{ "enabled": true, "id": "Beta", "display_name": null }' }] }),
    )
    const whole = ['--to', 'store', '--profile', 'appconfig/kvset']
    assert.equal((await steps('--from', other, ...whole)).counts.changed, 1)
    assert.equal((await steps('--from', same, ...whole)).counts.same, 1)
  })

  it('go to a store by its connection string alone, and back out of it', async () => {
    const { HTTPS_PROXY, NODE_EXTRA_CA_CERTS, AZURE_APPCONFIG_CONNECTION_STRING } = house.env as Record<string, string>
    const env = { PATH: process.env.PATH, HTTPS_PROXY, NODE_EXTRA_CA_CERTS, AZURE_APPCONFIG_CONNECTION_STRING }
    const alone = async (...words: string[]) => {
      const child = spawn(process.execPath, [join(import.meta.dirname, 'cardea.js'), ...words], { env })
      const [out, err] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
      return { out, err }
    }
    const from = file('keyed.json', '{"keyed":"1"}')
    const { out, err } = await alone('import', '--from', from, '--to', 'store', '--apply')
    assert.match(out, /1 of 1 are done in .*\nAll in one step/, err)
    assert.deepEqual(JSON.parse((await alone('export', '--from', 'store', '--prefix', 'key')).out), { ed: '1' })
  })

  it('are never made of secrets', async () => {
    for (const from of ['vault:demo', 'kv:secret'])
      assert.equal((await cardea('import', '--from', from, '--to', 'store')).exit, 2)
  })

  it('are deleted by prefix and label, and never what belongs to others', async () => {
    for (const [key, ...label] of [['Mine:Old'], ['Mine:Old', '--label', 'de'], ['Mineral'], ['Theirs'], ['*']] as [
      string,
      ...string[],
    ][])
      await cardea('setting', 'set', key, 'x', ...label)
    const from = file('mine.yaml', 'New: 1\n')
    const words = ['--from', from, '--to', 'store', '--prefix', 'Mine:', '--strict']
    assert.deepEqual(
      (await steps(...words, '--apply')).steps.map(({ what, name }) => `${what} ${name}`),
      ['new Mine:New', 'delete Mine:Old'],
    )
    for (const [key, ...label] of [['Mine:Old', '--label', 'de'], ['Mineral'], ['Theirs'], ['*']] as [
      string,
      ...string[],
    ][])
      assert.equal((await cardea('setting', 'show', key, ...label)).exit, 0, key)
    assert.equal(
      (await cardea('import', ...words.slice(0, 4), '--strict')).exit,
      2,
      'without a prefix everything would be owned',
    )
  })

  it('that somebody changes meanwhile are not overwritten, at a store without change sets', async () => {
    const item = { key: 'a', value: 'old', etag: 'before', label: null, content_type: null, tags: {}, locked: false }
    const ran = await run(['import', '--from', 'a.json', '--to', 'store', '--apply', '--json'], {
      files: { 'a.json': '{"a":"new","b":"new"}' },
      answers: ({ method, headers }) =>
        method === 'POST'
          ? { status: 404 }
          : method !== 'PUT'
            ? { body: { items: [item] } }
            : headers?.['if-match'] === '"before"'
              ? { status: 412, body: { title: 'Precondition failed' } }
              : { body: { ...item, etag: 'after' } },
    })
    const { steps } = JSON.parse(ran.out)
    assert.equal(ran.exit, 1)
    assert.deepEqual(
      steps.map(({ name, after, failed }: Record<string, string>) => [name, after, failed]),
      [
        ['a', null, 'Precondition failed'],
        ['b', 'after', null],
      ],
    )
    assert.deepEqual(
      ran.asked
        .filter(({ method }) => method === 'PUT')
        .map(({ headers }) => headers?.['if-match'] ?? headers?.['if-none-match']),
      ['"before"', '*'],
    )
  })

  it('go on after the store has asked to be left alone', async () => {
    let calls = 0
    const ran = await run(['import', '--from', 'a.json', '--to', 'store', '--apply'], {
      files: { 'a.json': '{"a":"1"}' },
      answers: ({ method }) => {
        if (method === 'POST') return { status: 404 }
        calls += 1
        return calls % 2 === 1 ? { status: 429 } : { body: { items: [], etag: 'e' } }
      },
    })
    assert.deepEqual([ran.exit, calls], [0, 4])
  })

  for (const [what, format, separator] of [
    ['a tree of JSON', 'json', ':'],
    ['a tree of YAML', 'yaml', ':'],
    ['one row of JSON', 'json', undefined],
    ['properties', 'properties', undefined],
  ] as const) {
    it(`go out and come back as ${what}`, async () => {
      const out = join(folder, `round-${format}-${separator}.${format}`)
      const separated = separator === undefined ? [] : ['--separator', separator]
      const exported = await cardea(
        'export',
        '--from',
        'store',
        '--label',
        'de',
        '--prefix',
        'Shop:',
        '--format',
        format,
        '--out',
        out,
        ...separated,
      )
      assert.equal(exported.exit, 0, exported.err)
      assert.equal(statSync(out).mode & 0o777, 0o600)
      const plan = await steps('--from', out, '--to', 'store', '--label', 'de', '--prefix', 'Shop:', ...separated)
      assert.deepEqual([plan.counts.same, plan.counts.new, plan.counts.changed], [2, 0, 0])
    })
  }

  it('go out whole, as they are and as they were, and come back whole', async () => {
    const whole = ['--profile', 'appconfig/kvset']
    const out = join(folder, 'kvset.json')
    assert.equal((await cardea('export', '--from', 'store', '--label', '*', ...whole, '--out', out)).exit, 0)
    const { items } = JSON.parse(readFileSync(out, 'utf8'))
    assert.deepEqual(Object.keys(items[0]), ['key', 'value', 'label', 'content_type', 'tags'])
    const plan = await steps('--from', out, '--to', 'store', ...whole)
    assert.deepEqual(plan.counts, { new: 0, changed: 0, delete: 0, same: items.length, refused: 0 })
    const before = await cardea('export', '--from', 'store', '--label', '*', ...whole, '--at', '2020-01-01')
    assert.deepEqual(JSON.parse(before.out), { items: [] })
    const bounded = await steps('--from', out, '--to', 'store', ...whole, '--prefix', 'Mine:', '--strict')
    assert.deepEqual(bounded.counts.delete, 0)
  })

  it('come from another store, by its connection string and by its name', async () => {
    const connection = house.env.AZURE_APPCONFIG_CONNECTION_STRING as string
    const env = {
      SOURCE_AZURE_APPCONFIG_CONNECTION_STRING: connection,
      HTTPS_PROXY: house.env.HTTPS_PROXY,
      NODE_EXTRA_CA_CERTS: house.env.NODE_EXTRA_CA_CERTS,
    }
    const words = ['import', '--source-label', 'de', '--begins', 'Shop:', '--prefix', 'Copy:', '--json']
    const near = await runAt(house, [...words, '--from', 'store:demo'])
    assert.deepEqual(
      (JSON.parse(near.out).steps as Steps).map(({ name, label }) => [name, label]),
      [
        ['Copy:Greeting', 'de'],
        ['Copy:Limits:Max', 'de'],
      ],
      near.err,
    )
    const ran = await run(['import', '--from', 'store:', '--to', 'store', '--json'], {
      env: {
        ...env,
        AZURE_APPCONFIG_ENDPOINT: storeUrl,
        AZURE_TENANT_ID: 't',
        AZURE_CLIENT_ID: 'c',
        AZURE_CLIENT_SECRET: 's',
        AZURE_AUTHORITY_HOST: 'https://login.cardea.internal',
      },
      answers: ({ headers }) => {
        const item = { key: 'a', value: 'b', etag: 'e', label: null, content_type: null, tags: {}, locked: false }
        return { body: { items: headers?.authorization?.startsWith('HMAC') ? [item] : [] } }
      },
    })
    assert.deepEqual(
      [ran.exit, ran.asked.map(({ headers }) => headers?.authorization?.split(' ')[0])],
      [0, ['HMAC-SHA256', 'Bearer']],
    )
  })
})

describe('another vault', () => {
  it('and another store of another installation give what they have to an application there', async () => {
    await using other = await openHouse()
    await runAt(
      other,
      ['secret', 'set', 'far', '--content-type', 'text/plain', '--tag', 'a=b', '--expires', '2099-01-31'],
      {
        stdin: 'from afar',
      },
    )
    await runAt(other, ['secret', 'set', 'far-off', '--disabled'], { stdin: 'x' })
    await runAt(other, ['setting', 'set', 'Far', 'away'])
    const { HTTPS_PROXY, NODE_EXTRA_CA_CERTS } = other.env as Record<string, string>
    const theirs = Object.entries(other.env).filter(([name]) => name.startsWith('AZURE_'))
    const env = {
      PATH: process.env.PATH ?? '',
      HTTPS_PROXY: HTTPS_PROXY ?? '',
      NODE_EXTRA_CA_CERTS: NODE_EXTRA_CA_CERTS ?? '',
      ...Object.fromEntries(theirs.map(([name, value]) => [`SOURCE_${name}`, value])),
    }
    const words = (from: string) => [
      join(import.meta.dirname, 'cardea.js'),
      ...['import', '--from', from, '--apply', '--skip-refused', '--json', '--data', house.data],
    ]
    for (const from of ['vault:', 'store:']) {
      const child = spawn(process.execPath, words(from), { env })
      const [out, err] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
      assert.deepEqual([JSON.parse(out).left, err], [0, ''])
    }
    const { value, contentType, tags, attributes } = JSON.parse((await cardea('secret', 'show', 'far', '--json')).out)
    assert.deepEqual([value, contentType, tags, attributes.exp], ['from afar', 'text/plain', { a: 'b' }, 4_073_500_800])
    assert.equal((await cardea('secret', 'show', 'far-off')).exit, 1, 'what is disabled stays where it is')
    assert.equal((await cardea('setting', 'show', 'Far')).out, 'away')
  })

  it('of this installation gives its secrets by its name, but none that is disabled', async () => {
    await runAt(house, ['secret', 'set', 'near-one'], { stdin: '1' })
    await runAt(house, ['secret', 'set', 'near-two', '--disabled'], { stdin: '2' })
    const plan = await steps('--from', 'vault:demo', '--begins', 'near-', '--prefix', 'copy-')
    assert.deepEqual(
      plan.steps.map(({ what, from, name }) => [what, from, name]),
      [
        ['new', 'near-one', 'copy-near-one'],
        ['refused', 'near-two', ''],
      ],
    )
  })

  it('is asked as who we are there, with a token or a client of its own', async () => {
    const theirs = 'https://far.vault.example.org'
    const env = {
      AZURE_KEYVAULT_URL: 'https://demo.vault.cardea.internal',
      AZURE_TENANT_ID: 't',
      AZURE_CLIENT_ID: 'c',
      AZURE_CLIENT_SECRET: 's',
      AZURE_AUTHORITY_HOST: 'https://login.cardea.internal',
      SOURCE_AZURE_ACCESS_TOKEN: 'theirs',
      SOURCE_AZURE_KEYVAULT_URL: theirs,
    }
    const ran = await run(['import', '--from', 'vault:', '--json'], {
      env,
      answers: ({ url, headers }) =>
        url.origin !== theirs
          ? { body: { value: [] } }
          : headers?.authorization === 'Bearer theirs'
            ? { body: { value: [] } }
            : {
                status: 401,
                headers: {
                  'www-authenticate':
                    'Bearer authorization="https://login.example.org/t", resource="https://vault.example.org"',
                },
              },
    })
    assert.equal(ran.exit, 0, ran.err)
    const sent = ran.asked.filter(({ url }) => url.origin === theirs).map(({ headers }) => headers?.authorization)
    assert.deepEqual([...new Set(sent)], [undefined, 'Bearer theirs'], 'first the challenge, then the token')
  })
})

describe('export of secrets', () => {
  it('writes names and dates, and values only where that is said', async () => {
    const { out } = await cardea('export', '--from', 'vault', '--prefix', 'DB')
    assert.doesNotMatch(out, /changed|hunter2/)
    assert.deepEqual(
      JSON.parse(out).map(({ name }: { name: string }) => name),
      ['DB-PASSWORD'],
    )
    const target = join(folder, 'out.env')
    assert.equal(
      (await cardea('export', '--from', 'vault', '--prefix', 'DB', '--values', '--format', 'env', '--out', target))
        .exit,
      0,
    )
    assert.equal(readFileSync(target, 'utf8'), 'DB_PASSWORD=changed\n')
    assert.equal(statSync(target).mode & 0o777, 0o600)
    const again = await cardea('export', '--from', 'vault', '--values', '--format', 'env', '--out', target)
    assert.deepEqual([again.exit, /is there already/.test(again.err)], [1, true])
  })

  it('shows no value on a screen unless it is forced to', async () => {
    const screen = { terminal: { in: true, out: true, colours: false } }
    const refused = await runAt(house, ['export', '--from', 'vault', '--values', '--prefix', 'DB'], screen)
    assert.deepEqual([refused.exit, refused.out], [1, ''])
    const forced = await runAt(house, ['export', '--from', 'vault', '--values', '--prefix', 'DB', '--force'], screen)
    assert.deepEqual(JSON.parse(forced.out), { 'DB-PASSWORD': 'changed' })
  })

  it('and import repeat no credential that somebody gives as an argument', async () => {
    for (const from of [
      'Endpoint=https://x;Id=y;Secret=hunter2',
      'store:Endpoint=https://x;Id=y;Secret=hunter2',
      'vault:hunter2@x',
    ]) {
      const { exit, out, err } = await cardea('import', '--from', from, '--to', 'vault')
      assert.deepEqual([exit, out], [2, ''])
      assert.doesNotMatch(err, /hunter2/)
    }
  })

  it('refuses what a file can’t say', async () => {
    for (const words of [
      ['--from', 'vault', '--format', 'yaml'],
      ['--from', 'vault', '--format', 'env'],
      ['--from', 'store', '--values'],
      ['--from', 'vault', '--label', 'x'],
      ['--from', 'nowhere'],
      [],
    ])
      assert.equal((await cardea('export', ...words)).exit, 2, words.join(' '))
  })
})
