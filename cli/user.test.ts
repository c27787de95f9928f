import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type House, openHouse } from '@cardea/server/testing/house'
import { run } from './testing/world.ts'

const azureCli = '04b07795-8ddb-461a-bbee-02f9e1bf7b46'
const ada = 'ada@example.org'

describe('user add', () => {
  it('sends the name as an argument and the password from a pipe, and shows neither password nor token', async () => {
    const { exit, out, err, asked } = await run(['user', 'add', ada, '--display-name', 'Ada Lovelace'], {
      stdin: 'correct horse battery\n',
      answers: () => ({ status: 201, body: { id: 'an id' } }),
    })
    assert.equal(exit, 0, err)
    assert.equal(asked[0]?.url.href.startsWith('https://graph.cardea.internal/v1.0/users'), true)
    assert.deepEqual(JSON.parse(asked[0]?.body ?? ''), {
      userPrincipalName: ada,
      displayName: 'Ada Lovelace',
      mailNickname: 'ada',
      accountEnabled: true,
      passwordProfile: { password: 'correct horse battery' },
    })
    assert.equal(out, `${ada} can sign in, with the object id an id\n`)
  })

  it('takes no password as an argument, and none that is empty', async () => {
    for (const [words, stdin] of [
      [['user', 'add', ada, 'a password'], 'x'],
      [['user', 'add', ada], ''],
      [['user', 'password', ada], ''],
    ] as const) {
      const { exit, asked } = await run(words, { stdin })
      assert.deepEqual([exit, asked.length], [2, 0])
    }
  })
})

describe('people at a real server', () => {
  let house: House
  before(async () => {
    house = await openHouse()
  })
  after(() => house[Symbol.asyncDispose]())
  const cardea = join(import.meta.dirname, 'cardea.js')
  /** The real command, in a process of its own. */
  async function command(words: readonly string[], stdin = ''): Promise<{ code: number; out: string; err: string }> {
    const child = spawn(process.execPath, [cardea, ...words, '--data', house.data], {
      env: { PATH: process.env.PATH ?? '' },
    })
    let [out, err] = ['', '']
    child.stdout.on('data', (part) => {
      out += part
    })
    child.stderr.on('data', (part) => {
      err += part
    })
    child.stdin.end(stdin)
    const [code] = await once(child, 'close')
    return { code, out, err }
  }
  const signIn = async (password: string): Promise<number> => {
    const form = { grant_type: 'password', client_id: azureCli, username: ada, password, scope: 'openid' }
    const heard = await house.ask(house.loginHost, 'POST', '/adfs/oauth2/v2.0/token', {
      body: new URLSearchParams(form).toString(),
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    })
    return heard.status
  }

  it('are added, listed, given another password, disabled and enabled', async () => {
    const added = await command(['user', 'add', ada, '--json'], 'correct horse battery\n')
    assert.equal(added.code, 0, added.err)
    assert.equal(await signIn('correct horse battery'), 200)
    assert.equal((await command(['user', 'add', ada], 'correct horse battery\n')).code, 1, 'twice')
    const weak = await command(['user', 'add', 'bob@example.org'], 'short\n')
    assert.deepEqual([weak.code, /from 8 to 256/.test(weak.err)], [1, true], weak.err)
    const listed = JSON.parse((await command(['user', 'list', '--json'])).out)
    const { id } = JSON.parse(added.out)
    assert.deepEqual(listed, [{ name: ada, displayName: 'ada', enabled: true, id }])
    assert.equal((await command(['user', 'password', ada], 'another one entirely\n')).code, 0)
    assert.deepEqual([await signIn('correct horse battery'), await signIn('another one entirely')], [400, 200])
    assert.equal((await command(['user', 'disable', ada])).code, 0)
    assert.equal(await signIn('another one entirely'), 400)
    assert.equal((await command(['user', 'enable', ada])).code, 0)
    assert.equal(await signIn('another one entirely'), 200)
    const missing = await command(['user', 'disable', 'nobody@example.org'])
    assert.equal(missing.code, 1)
  })
})
