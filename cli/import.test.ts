import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { importing } from './testing/importing.ts'
import { runAt } from './testing/real.ts'

const here = await importing()
const { cardea, file, folder, secret, steps } = here

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
    await runAt(here.house, ['secret', 'set', 'gone'], { stdin: 'x' })
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
    for (const name of ['own-old', 'own-kept', 'other'])
      await runAt(here.house, ['secret', 'set', name], { stdin: 'x' })
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
  const child = spawn(process.execPath, [join(import.meta.dirname, 'cardea.js'), ...words, '--data', here.house.data], {
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
    const refused = await runAt(here.house, ['export', '--from', 'vault', '--values', '--prefix', 'DB'], screen)
    assert.deepEqual([refused.exit, refused.out], [1, ''])
    const forced = await runAt(
      here.house,
      ['export', '--from', 'vault', '--values', '--prefix', 'DB', '--force'],
      screen,
    )
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
