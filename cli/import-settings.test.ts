import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, it } from 'node:test'
import { importing, type Step } from './testing/importing.ts'
import { runAt } from './testing/real.ts'
import { run, storeUrl } from './testing/world.ts'

const here = await importing()
const { cardea, file, folder, steps } = here

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
    const { HTTPS_PROXY, NODE_EXTRA_CA_CERTS, AZURE_APPCONFIG_CONNECTION_STRING } = here.house.env as Record<
      string,
      string
    >
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
    const connection = here.house.env.AZURE_APPCONFIG_CONNECTION_STRING as string
    const env = {
      SOURCE_AZURE_APPCONFIG_CONNECTION_STRING: connection,
      HTTPS_PROXY: here.house.env.HTTPS_PROXY,
      NODE_EXTRA_CA_CERTS: here.house.env.NODE_EXTRA_CA_CERTS,
    }
    const words = ['import', '--source-label', 'de', '--begins', 'Shop:', '--prefix', 'Copy:', '--json']
    const near = await runAt(here.house, [...words, '--from', 'store:demo'])
    assert.deepEqual(
      (JSON.parse(near.out).steps as Step[]).map(({ name, label }) => [name, label]),
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
