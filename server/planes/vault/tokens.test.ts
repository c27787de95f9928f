import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { openHouse } from '../../testing/house.ts'
import { newest } from './testing/vault.ts'

let now = Date.now()
const house = await openHouse({ clock: () => now })
after(() => house[Symbol.asyncDispose]())
const token = await house.developerToken()

describe('a token', () => {
  const get = (bearer: string | undefined) => house.ask(house.vaultHost, 'GET', `/secrets?${newest}`, { token: bearer })

  it('is refused when it is for another audience, altered, unsigned, or not a token', async () => {
    const elsewhere = await house.developerToken('https://graph.cardea.internal')
    assert.match((await get(elsewhere)).json.error.message, /^AKV10022: Invalid audience/)
    const [head, body, signature] = token.split('.') as [string, string, string]
    const claims = JSON.parse(Buffer.from(body, 'base64url').toString())
    const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const forged = [
      `${head}.${encode({ ...claims, oid: 'somebody-else' })}.${signature}`,
      `${encode({ alg: 'none', typ: 'JWT' })}.${body}.`,
      `${encode({ alg: 'HS256', typ: 'JWT', kid: JSON.parse(Buffer.from(head, 'base64url').toString()).kid })}.${body}.${signature}`,
      `${encode({ alg: 'RS256', typ: 'JWT', kid: 'not-ours' })}.${body}.${signature}`,
      `${head}.${body}`,
      'x',
      'a.b.c',
      `${token}x`,
      token.slice(0, -2),
    ]
    for (const bearer of forged) {
      const heard = await get(bearer)
      assert.equal(heard.status, 401, bearer.slice(0, 40))
      assert.match(heard.headers['www-authenticate'] ?? '', /^Bearer authorization=/)
    }
  })

  it('of another installation is a stranger’s', async () => {
    await using other = await openHouse()
    const heard = await get(await other.developerToken())
    assert.equal(heard.status, 401)
    assert.match(heard.json.error.message, /^AKV10046/)
  })

  it('expires', async () => {
    const bearer = await house.developerToken()
    assert.equal((await get(bearer)).status, 200)
    const then = now
    now += 2 * 3_600_000
    const heard = await get(bearer)
    now = then
    assert.equal(heard.status, 401)
    assert.match(heard.json.error.message, /TokenExpired/)
  })
})
