import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { openHouse } from '@cardea/server/testing/house'
import { runAt } from './testing/real.ts'
import { run } from './testing/world.ts'

const folder = mkdtempSync(join(tmpdir(), 'cardea-changeset-'))
const file = (name: string, content: unknown): string => {
  writeFileSync(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content))
  return join(folder, name)
}
const house = await openHouse()
after(async () => {
  await house[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})
const cardea = (...words: string[]) => runAt(house, words)
async function done(...words: string[]): Promise<string> {
  const { exit, out, err } = await cardea(...words)
  assert.equal(exit, 0, out + err)
  return out
}
const value = async (key: string): Promise<string> => (await cardea('setting', 'show', key)).out

describe('cardea changeset', () => {
  it('shows a file of changes, applies it, tells of it and undoes it', async () => {
    await done('setting', 'set', 'Shop:Colour', 'red')
    const release = file('release.json', {
      description: 'the release',
      changes: [
        { do: 'set', key: 'Shop:Colour', value: 'blue' },
        { do: 'set', key: 'Shop:Database', reference: 'orders-db' },
        { do: 'set', flag: { id: 'Beta', enabled: true } },
      ],
    })
    const plan = await done('changeset', 'plan', release)
    assert.match(plan, /^~ Shop:Colour {2}red → blue$/m)
    assert.match(plan, /^\+ Shop:Database {2}→ https:\/\/demo\.vault\S+\/secrets\/orders-db$/m)
    assert.match(plan, /The secret that the setting points at does not exist\./)
    assert.match(plan, /^\+ \.appconfig\.featureflag\/Beta/m)
    assert.equal(await value('Shop:Colour'), 'red')
    const basis = /^basis (.+)$/m.exec(plan)?.[1] as string
    const applied = JSON.parse(await done('changeset', 'apply', release, '--basis', basis, '--json'))
    assert.equal(await value('Shop:Colour'), 'blue')
    assert.equal((await cardea('changeset', 'apply', release, '--basis', basis)).exit, 1)
    assert.match(await done('changeset', 'list'), new RegExp(`${applied.id} +applied +3 +.*the release`))
    assert.match(await done('changeset', 'show', applied.id), /^applied: the release\n~ Shop:Colour/)
    assert.match(await done('changeset', 'undo', applied.id, '--plan'), /^~ Shop:Colour {2}blue → red$/m)
    await done('changeset', 'undo', applied.id)
    assert.equal(await value('Shop:Colour'), 'red')
    await done('setting', 'set', 'Shop:Colour', 'green')
    const again = await cardea('changeset', 'undo', JSON.parse(await done('changeset', 'list', '--json'))[0].id)
    assert.equal(again.exit, 1)
    assert.match(again.err, /have changed since: Shop:Colour/)
  })

  it('applies a file at a moment, unless it is cancelled', async () => {
    const launch = file('launch.json', [{ do: 'set', key: 'Shop:Launch', value: 'on' }])
    const { id, state } = JSON.parse(await done('changeset', 'apply', launch, '--at', '2h', '--json'))
    assert.equal(state, 'waiting')
    assert.match(await done('changeset', 'show', id), /^waiting for 2/)
    assert.match(await done('changeset', 'cancel', id), /is cancelled/)
    assert.equal((await cardea('changeset', 'cancel', id)).exit, 1)
  })

  it('says of a plan that can’t be applied why, and exits with 1', async () => {
    await done('setting', 'set', 'Shop:Held', 'x')
    const lock = file('lock.json', [{ do: 'lock', key: 'Shop:Held' }])
    await done('changeset', 'apply', lock)
    const { exit, out } = await cardea(
      ...['changeset', 'plan', file('held.json', [{ do: 'set', key: 'Shop:Held', value: 'y' }])],
    )
    assert.equal(exit, 1)
    assert.match(out, /The key is read-only/)
  })

  for (const [what, content, words] of [
    ['no JSON', '{', /is no JSON/],
    ['no list', { a: 1 }, /must be a list of changes/],
    ['a member that means nothing', [{ do: 'set', key: 'a', ifMatch: 'x' }], /changes\[0\] has "ifMatch"/],
    ['a flag without a name', [{ do: 'set', flag: {} }], /with its "id"/],
    ['a reference to nowhere', [{ do: 'set', key: 'a', reference: '../x' }], /must be the name of a secret/],
  ] as const) {
    it(`refuses a file that has ${what}`, async () => {
      const { exit, err } = await cardea('changeset', 'apply', file('bad.json', content))
      assert.equal(exit, 2)
      assert.match(err, words)
    })
  }

  it('refuses what is no id, and no time', async () => {
    assert.equal((await run(['changeset', 'show', '../kv'])).exit, 2)
    const { exit } = await run(['changeset', 'apply', 'f', '--at', 'tomorrow'], { files: { f: '[]' } })
    assert.equal(exit, 2)
  })
})

describe('cardea setting restore', () => {
  it('shows what would be put back, and with --apply does it', async () => {
    await done('setting', 'set', 'Past:Name', 'then')
    await new Promise((resolve) => setTimeout(resolve, 2_100))
    await done('setting', 'set', 'Past:Name', 'now')
    const asked = ['setting', 'restore', '--at', '1s', '--key', 'Past:*']
    assert.match(await done(...asked), /^~ Past:Name {2}now → then$/m)
    assert.equal(await value('Past:Name'), 'now')
    assert.match(await done(...asked, '--apply'), /has restored 1 setting to/)
    assert.equal(await value('Past:Name'), 'then')
    assert.equal((await cardea('setting', 'restore')).exit, 2)
    assert.equal((await cardea('setting', 'restore', '--at', '1s', '--plan', '--apply')).exit, 2)
  })
})
