import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import type { ChangeSetDetail, ChangeSetView, PlanView } from '@cardea/contract/cardea/change-sets'
import { builtInRoles } from '@cardea/contract/roles'
import type { Heard } from '../../../testing/house.ts'
import { asks, at } from '../../appconfig/testing/asks.ts'
import { runningStore, version } from '../../appconfig/testing/store.ts'

const { ok, problem, get, pages } = asks(() => here)
const here = await runningStore()
after(() => here[Symbol.asyncDispose]())

const path = '/.cardea/changesets'
const set = (key: string, value: string, more: object = {}) => ({ do: 'set', key, value, ...more })
const apply = async (changes: object[], more: object = {}): Promise<ChangeSetView> =>
  (await ok('POST', path, { body: { changes, ...more } })).json
const plan = async (changes: object[]): Promise<PlanView> =>
  (await ok('POST', `${path}/plan`, { body: { changes } })).json
const show = async (id: string): Promise<ChangeSetDetail> => (await ok('GET', `${path}/${id}`)).json
const refusal = (changes: unknown, more: object = {}) => problem(path, { method: 'POST', body: { changes, ...more } })
const value = async (key: string, query = ''): Promise<string | undefined> => {
  const { status, json } = await get(at(key, query))
  return status === 404 ? undefined : json.value
}
const undo = (id: string, body: object = {}) => here.send('POST', `${path}/${id}/undo`, { body })

describe('a change set', () => {
  it('writes, deletes, locks and unlocks at once, and says what it did', async () => {
    await here.put('one/old', '1')
    await here.put('one/gone', '1')
    await here.put('one/open', '1')
    await here.put('one/shut', '1')
    await ok('PUT', `/locks/one/shut?${version}`)
    const made = await apply(
      [
        set('one/new', 'n', { label: 'l', tags: { t: '1', none: null }, content_type: 'text/plain', locked: true }),
        set('one/old', '2', { description: 'why' }),
        { do: 'delete', key: 'one/gone' },
        { do: 'lock', key: 'one/open' },
        { do: 'unlock', key: 'one/shut' },
        { do: 'delete', key: 'one/never' },
      ],
      { description: 'all at once' },
    )
    assert.deepEqual([made.state, made.count, made.origin, made.description], ['applied', 6, 'changes', 'all at once'])
    const fresh = (await ok('GET', at('one/new', '&label=l'))).json
    assert.deepEqual(
      [fresh.value, fresh.tags, fresh.content_type, fresh.locked],
      ['n', { t: '1', none: null }, 'text/plain', true],
    )
    assert.equal(await value('one/old'), '2')
    assert.equal(await value('one/gone'), undefined)
    assert.equal((await get(at('one/open'))).json.locked, true)
    assert.equal((await get(at('one/shut'))).json.locked, false)
    assert.deepEqual(
      (await show(made.id)).steps.map(({ does, before, after }) => [does, before?.value ?? null, after?.value ?? null]),
      [
        ['create', null, 'n'],
        ['change', '1', '2'],
        ['delete', '1', null],
        ['lock', '1', '1'],
        ['unlock', '1', '1'],
        ['none', null, null],
      ],
    )
  })

  it('is one step for those who page while it is applied', async () => {
    const names = Array.from({ length: 150 }, (_, index) => `paged/${String(index).padStart(3, '0')}`)
    await apply(names.map((name) => set(name, '1')))
    const found = await pages(`/kv?key=paged/*&${version}`, async (page) => {
      if (page === 1) await apply(names.map((name) => set(name, '2')))
    })
    assert.deepEqual(new Set(found.flatMap(({ items }) => items.map((item) => item.value))), new Set(['1']))
  })

  it('leaves an audit entry and an event for each setting, with the numbers of one range', async () => {
    const { database } = here.house.cardea.base
    const from = database.sequence
    const { id } = await apply([
      set('told/a', '1'),
      set('told/b', '1', { label: 'l' }),
      set('told/a', '1', { label: 'x' }),
    ])
    const { rows } = await database.read.run('select sequence from change where sequence > ? order by sequence', [from])
    assert.deepEqual(
      (rows as { sequence: number }[]).map(({ sequence }) => sequence),
      [from + 1, from + 2, from + 3],
    )
    const deeds = (await here.house.deeds()).filter(({ operation }) => operation === 'ChangeSetApply').slice(-4)
    const { resourceId } = here.store
    assert.deepEqual(
      deeds.map(({ resource, outcome }) => [resource.slice(resourceId.length), outcome]),
      [
        [`/changeSets/${id}`, 'done'],
        ['/keyValues/told%2Fa', 'done'],
        ['/keyValues/told%2Fb$l', 'done'],
        ['/keyValues/told%2Fa$x', 'done'],
      ],
    )
  })

  it('says nothing new where nothing changes', async () => {
    await apply([set('same', '1')])
    const { headers } = await get(at('same'))
    await apply([set('same', '1')])
    assert.equal((await get(at('same'))).headers.etag, headers.etag)
  })

  for (const [what, changes, status, words] of [
    ['a lock', [set('no/a', '1'), set('no/locked', '2')], 409, /^no\/locked: The key is read-only/],
    ['an etag that isn’t there', [set('no/a', '1'), set('no/b', '1', { if_match: 'x' })], 412, /^no\/b: /],
    ['a setting that is there', [set('no/a', '1'), set('no/locked', '1', { if_none_match: '*' })], 412, /^no\/locked/],
    ['a lock of nothing', [set('no/a', '1'), { do: 'lock', key: 'no/b' }], 409, /^no\/b: There is no such setting/],
    ['a setting that is too large', [set('no/a', '1'), set('no/b', 'x'.repeat(10_240))], 413, /^no\/b: .*10244|10243/],
    [
      'a bad flag',
      [
        set('no/a', '1'),
        set('.appconfig.featureflag/f', '{"id":"f","enabled":"yes"}', {
          content_type: 'application/vnd.microsoft.appconfig.ff+json;charset=utf-8',
        }),
      ],
      400,
      /^\.appconfig\.featureflag\/f: value\.enabled must be true or false/,
    ],
    [
      'the same setting twice',
      [set('no/a', '1'), { do: 'delete', key: 'no/a', label: '' }],
      400,
      /changes\[1\] is about no\/a/,
    ],
    ['nothing', [], 400, /must change something/],
    ['a key that is none', [set('%', '1')], 400, /changes\[0\]\.key must be a key/],
    ['a deed that is none', [{ do: 'destroy', key: 'a' }], 400, /changes\[0\]\.do must be one of/],
    ['what is no list', { a: 1 }, 400, /changes must be a list/],
    [
      'too many',
      Array.from({ length: 1001 }, (_, index) => set(`no/${index}`, '1')),
      413,
      /at most 1000 settings.*1001/,
    ],
    [
      'too much',
      Array.from({ length: 300 }, (_, index) => set(`no/${index}`, 'x'.repeat(8_000))),
      413,
      /at most 2097152 bytes in all. This one writes 24\d{5}/,
    ],
  ] as const) {
    it(`does nothing at all because of ${what}`, async () => {
      await apply([{ do: 'set', key: 'no/locked', value: '1', locked: true }]).catch(() => undefined)
      const said = await refusal(changes)
      assert.equal(said.status, status)
      assert.match(said.detail, words)
      assert.equal(await value('no/a'), undefined)
    })
  }
})

describe('a plan', () => {
  it('shows what would happen, item by item, and does nothing', async () => {
    await here.put('plan/a', '1')
    await here.put('plan/locked', '1')
    await ok('PUT', `/locks/plan/locked?${version}`)
    const reference = JSON.stringify({ uri: 'https://demo.vault.cardea.internal/secrets/none' })
    const { applicable, steps } = await plan([
      set('plan/a', '2'),
      set('plan/b', '1'),
      set('plan/locked', '2'),
      set('plan/ref', reference, {
        content_type: 'application/vnd.microsoft.appconfig.keyvaultref+json;charset=utf-8',
      }),
      { do: 'delete', key: 'plan/none' },
    ])
    assert.equal(applicable, false)
    assert.deepEqual(
      steps.map(({ does, before, after, problem, warnings }) => [
        ...[does, before?.value ?? null, after?.value ?? null, problem, warnings],
      ]),
      [
        ['change', '1', '2', null, []],
        ['create', null, '1', null, []],
        ['change', '1', '2', 'The key is read-only. To allow modification unlock it first.', []],
        ['create', null, reference, null, ['You may not read the secret that the setting points at.']],
        ['none', null, null, null, []],
      ],
    )
    assert.equal(await value('plan/a'), '1')
    assert.equal(await value('plan/b'), undefined)
  })

  it('is applied as it was seen, and not when something has changed since', async () => {
    const changes = [set('basis/a', '1'), set('basis/b', '1')]
    const { basis } = await plan(changes)
    assert.equal((await refusal([set('basis/a', '2')], { basis })).status, 412)
    await here.put('basis/b', 'other')
    const { status, detail } = await refusal(changes, { basis })
    assert.deepEqual([status, /Plan again/.test(detail)], [412, true])
    assert.equal(await value('basis/a'), undefined)
    await apply(changes, { basis: (await plan(changes)).basis })
    assert.equal(await value('basis/b'), '1')
    assert.equal((await refusal(changes, { basis: 'x' })).status, 400)
  })
})

describe('an undo', () => {
  it('puts everything back, locks too, and can be undone itself', async () => {
    await here.send('PUT', at('undo/a'), { body: { value: '1', tags: { t: 'x' } } })
    await here.put('undo/gone', '1')
    const { id } = await apply([
      set('undo/a', '2', { locked: true }),
      set('undo/new', '1'),
      { do: 'delete', key: 'undo/gone' },
    ])
    const seen: PlanView = (await ok('POST', `${path}/${id}/undo/plan`)).json
    assert.deepEqual([seen.applicable, seen.steps.map(({ does }) => does)], [true, ['change', 'delete', 'create']])
    const undone: ChangeSetView = JSON.parse((await undo(id)).text)
    assert.deepEqual([undone.state, undone.undoes], ['applied', id])
    const back = (await ok('GET', at('undo/a'))).json
    assert.deepEqual([back.value, back.locked, back.tags], ['1', false, { t: 'x' }])
    assert.deepEqual([await value('undo/new'), await value('undo/gone')], [undefined, '1'])
    const before = await show(id)
    assert.deepEqual([before.state, before.undone_by], ['undone', undone.id])
    assert.equal((await undo(id)).status, 409)
    assert.equal((await undo(undone.id)).status, 200)
    assert.deepEqual([await value('undo/a'), await value('undo/new')], ['2', '1'])
  })

  it('is refused with the names of what has changed since, unless it is forced', async () => {
    const { id } = await apply([set('since/a', '1'), set('since/b', '1', { label: 'l' }), set('since/c', '1')])
    await here.put('since/b', 'other', '&label=l')
    await here.send('DELETE', at('since/c'))
    const { status, json } = await undo(id)
    assert.equal(status, 409)
    assert.match(json.detail, /changed since: since\/b \(label l\), since\/c\./)
    assert.equal(await value('since/a'), '1')
    const seen: PlanView = (await ok('POST', `${path}/${id}/undo/plan`)).json
    assert.deepEqual([seen.applicable, seen.steps.map(({ warnings }) => warnings.length)], [false, [0, 1, 1]])
    assert.equal((await undo(id, { force: true })).status, 200)
    assert.equal(await value('since/b', '&label=l'), undefined)
  })

  it('doesn’t pass a lock that somebody else has put on since, however it is forced', async () => {
    const { id } = await apply([set('held', '1')])
    await ok('PUT', `/locks/held?${version}`)
    assert.equal((await undo(id)).status, 409)
    const { status, json } = await undo(id, { force: true })
    assert.deepEqual([status, json.type], [409, 'https://azconfig.io/errors/key-locked'])
  })
})

describe('the history of change sets', () => {
  it('is told newest first, page after page', async () => {
    for (let index = 0; index < 103; index += 1) await apply([set('listed', `${index}`)], { description: `${index}` })
    const first = (await ok('GET', path)).json
    assert.equal(first.items.length, 100)
    assert.equal(first.items[0].description, '102')
    const second = (await ok('GET', first['@nextLink'])).json
    assert.deepEqual(
      second.items.slice(0, 3).map(({ description }: ChangeSetView) => description),
      ['2', '1', '0'],
    )
    assert.equal((await get(`${path}/11111111-1111-1111-1111-111111111111`)).status, 404)
    assert.equal((await get(`${path}/..%2f`)).status, 400)
  })
})

describe('people whose role is narrowed', () => {
  const key = '@Resource[Microsoft.AppConfiguration/configurationStores/keyValues:key]'
  type Asking = (method: string, path: string, body?: object) => Promise<Heard>
  const owner = async (condition: string): Promise<Asking> => {
    const { principal, token } = await here.house.newcomer(`somebody with ${condition}`)
    await here.house.assign(principal, builtInRoles.appConfigurationDataOwner, here.store.resourceId, condition)
    const bearer = await token(`https://${here.host}`)
    return (method, target, body) => here.house.ask(here.host, method, target, { token: bearer, body })
  }

  it('apply, see and undo change sets of what is theirs, and nothing of another', async () => {
    const ask = await owner(`${key} StringStartsWith 'mine:'`)
    assert.equal((await ask('POST', path, { changes: [set('mine:a', '1')] })).status, 200)
    for (const deed of ['set', 'delete', 'lock']) {
      for (const target of [path, `${path}/plan`]) {
        const { status } = await ask('POST', target, {
          changes: [set('mine:b', '1'), { do: deed, key: 'theirs:a', value: '1' }],
        })
        assert.equal(status, 403, `${deed} ${target}`)
      }
    }
    assert.equal(await value('mine:b'), undefined)
    const both = await apply([set('mine:c', '1'), set('theirs:c', 'hidden')])
    const theirs = await apply([set('theirs:d', 'hidden')])
    const shown = await ask('GET', `${path}/${both.id}`)
    assert.deepEqual([shown.json.count, shown.json.steps.length], [1, 1])
    assert.doesNotMatch(shown.text, /theirs|hidden/)
    assert.equal((await ask('GET', `${path}/${theirs.id}`)).status, 404)
    const listed = (await ask('GET', path)).json.items.map(({ id }: ChangeSetView) => id)
    assert.ok(listed.includes(both.id) && !listed.includes(theirs.id))
    // Who may not see all that a change set was about isn't told by its undoing either.
    await apply([set('theirs:c', 'changed since')])
    for (const undo of ['undo', 'undo/plan']) {
      const refused = await ask('POST', `${path}/${both.id}/${undo}`, {})
      assert.equal(refused.status, 403)
      assert.doesNotMatch(refused.text, /theirs/)
    }
    assert.equal((await ask('POST', `${path}/${theirs.id}/undo`, {})).status, 404)
    const activates = new Date(Date.now() + 3_600_000).toISOString()
    const waiting = await ok('POST', path, { body: { changes: [set('mine:e', '1'), set('theirs:e', '1')], activates } })
    const cancelled = await ask('POST', `${path}/${waiting.json.id}/cancel`, undefined)
    assert.equal(cancelled.status, 403)
    assert.doesNotMatch(cancelled.text, /theirs/)
    assert.equal(await value('mine:c'), '1')
  })
})

describe('a restore', () => {
  it('brings a choice of settings back to an instant, after a look, and can be undone', async () => {
    for (const name of ['kept', 'changed', 'gone', 'outside']) await here.put(`past/${name}`, 'then')
    await here.put('elsewhere', 'then')
    const instant = new Date(Math.ceil((Date.now() + 1) / 1000) * 1000)
    await new Promise((resolve) => setTimeout(resolve, instant.getTime() + 1_001 - Date.now()))
    await here.put('past/changed', 'now')
    await here.put('past/added', 'now')
    await here.send('DELETE', at('past/gone'))
    await here.put('elsewhere', 'now')
    const asked = { at: instant.toISOString(), key: 'past/*' }
    const seen: PlanView = (await ok('POST', '/.cardea/restore/plan', { body: asked })).json
    assert.deepEqual(
      seen.steps.map(({ key: name, does }) => [name, does]),
      [
        ['past/changed', 'change'],
        ['past/gone', 'create'],
        ['past/added', 'delete'],
      ],
    )
    const { headers } = await get(at('past/kept'))
    const made: ChangeSetView = (await ok('POST', '/.cardea/restore', { body: { ...asked, basis: seen.basis } })).json
    assert.deepEqual([made.origin, made.count], ['restore', 3])
    assert.deepEqual(await Promise.all(['changed', 'gone', 'added'].map((name) => value(`past/${name}`))), [
      'then',
      'then',
      undefined,
    ])
    assert.equal(await value('elsewhere'), 'now')
    assert.equal((await get(at('past/kept'))).headers.etag, headers.etag)
    assert.equal((await here.send('POST', '/.cardea/restore', { body: asked })).status, 409)
    assert.equal((await undo(made.id)).status, 200)
    assert.deepEqual(await Promise.all(['changed', 'gone', 'added'].map((name) => value(`past/${name}`))), [
      'now',
      undefined,
      'now',
    ])
  })

  for (const [what, asked] of [
    ['the future', { at: '2999-01-01T00:00:00Z' }],
    ['a time before the history', { at: '2001-01-01T00:00:00Z' }],
    ['no time', {}],
    ['a time without its offset', { at: '2026-01-01T00:00:00' }],
    ['a filter that is none', { at: '2026-01-01T00:00:00Z', key: 'a*b' }],
  ] as const) {
    it(`is refused to ${what}`, async () => {
      for (const target of ['/.cardea/restore', '/.cardea/restore/plan'])
        assert.equal((await here.send('POST', target, { body: asked })).status, 400)
    })
  }
})
