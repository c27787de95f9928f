import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, it } from 'node:test'
import { openHouse } from '@cardea/server/testing/house'
import { importing } from './testing/importing.ts'
import { runAt } from './testing/real.ts'
import { run } from './testing/world.ts'

const here = await importing()
const { cardea, steps } = here

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
      ...['import', '--from', from, '--apply', '--skip-refused', '--json', '--data', here.house.data],
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
    await runAt(here.house, ['secret', 'set', 'near-one'], { stdin: '1' })
    await runAt(here.house, ['secret', 'set', 'near-two', '--disabled'], { stdin: '2' })
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
