import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type House, openHouse } from '@cardea/server/testing/house'
import { needs } from '@cardea/tools/servers/require'
import { findPythonSdk, seenBy } from './client.ts'
import { publicMethods } from './clients/public-methods.ts'

/** App Configuration as Azure's own JavaScript libraries see it, with the production names and ports. */
const program = fileURLToPath(new URL('./clients/settings.ts', import.meta.url))

describe('Azure’s libraries for App Configuration', () => {
  let house: House
  before(async () => {
    house = await openHouse()
  })
  after(() => house?.[Symbol.asyncDispose]())

  const used = new Set<string>()
  /** What there is to run below and hasn't come to its end. */
  const left = new Set<string>()
  const runs = (deed: string) => {
    left.add(deed)
    return () => run(deed)
  }
  const run = async (deed: string) => {
    const child = spawn(process.execPath, [program, deed], {
      env: { PATH: process.env.PATH, ...house.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const [out, said, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')])
    assert.equal(code, 0, said)
    for (const name of JSON.parse(out.trimEnd().split('\n').at(-1) ?? '') as string[]) used.add(name)
    left.delete(deed)
  }

  it('add, read, change and delete settings with a connection string', runs('keeps-by-key'))
  it('add, read, change and delete settings with an Entra token', runs('keeps-by-token'))
  it('read page after page, and only the pages that changed', runs('pages'))
  it('choose by key and label', runs('filters'))
  it('load an application’s configuration with a secret from the vault, and refresh it', runs('provides'))
  it('lock, remember, travel in time, and tell labels with a connection string', runs('remembers-by-key'))
  it('lock, remember, travel in time, and tell labels with an Entra token', runs('remembers-by-token'))
  it('make, list, archive, recover and read snapshots', runs('snapshots-by-key'))
  it('load flags, snapshots, labels and tags, and refresh by a watched setting', runs('provides-all'))
  const python = needs('Debian’s python3-azure', findPythonSdk)
  it('do all of it from Python, with a connection string and with a token', { skip: python.skip }, async () => {
    const all = {
      added: [true, 'l', 'one', 'text/plain', { t: '1' }, false],
      again: 412,
      same: true,
      'not modified': true,
      missing: 404,
      changed: ['two', true],
      stale: 412,
      past: 'one',
      locked: true,
      refused: 409,
      'refused to delete': 409,
      unlocked: false,
      listed: 120,
      'no label': 10,
      fields: [[true, true]],
      'listed then': 120,
      'listed now': 108,
      'bad filter': 400,
      revisions: [
        ['two', false],
        ['two', true],
        ['two', false],
        ['one', false],
      ],
      'no condition': true,
      flag: [true, 'application/vnd.microsoft.appconfig.ff+json;charset=utf-8'],
      reference: 'https://demo.vault.cardea.internal/secrets/none',
      deleted: 'two',
    }
    assert.deepEqual(await seenBy('configuration.py', house.env), {
      key: all,
      token: all,
      provider: {
        keys: ['limits', 'name'],
        values: 2,
        copy: { limits: { max: 3 }, name: 'shop of dev' },
        name: 'shop of dev',
      },
      unused: [],
    })
  })
  it('are refused with a secret that isn’t the key’s', runs('refuses'))
  it('were asked for all that they can do', (context) => {
    if (left.size > 0) return context.skip(`not run above, or not to its end: ${[...left].join(', ')}`)
    assert.deepEqual(
      publicMethods.filter((name) => !used.has(name)),
      [],
    )
  })
})
