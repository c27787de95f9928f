import assert from 'node:assert/strict'
import { createPublicKey, randomUUID } from 'node:crypto'
import { after, describe, it } from 'node:test'
import { decodeProtectedHeader, type JWK, jwtVerify } from 'jose'
import { type Heard, openHouse } from '../../testing/house.ts'

const now = Date.now()
const house = await openHouse({ clock: () => now })
after(() => house[Symbol.asyncDispose]())
const app = await house.newcomer('an application')

describe('discovery', () => {
  it('is the same document under every name of the tenant', async () => {
    const { tenant } = house.cardea.installation
    const paths = [
      `/${tenant}/v2.0/.well-known/openid-configuration`,
      '/adfs/.well-known/openid-configuration',
      `/adfs/${tenant}/.well-known/openid-configuration`,
      `/adfs/t/${tenant}/.well-known/openid-configuration`,
      '/common/v2.0/.well-known/openid-configuration',
      '/organizations/v2.0/.well-known/openid-configuration',
    ]
    const documents = await Promise.all(paths.map((path) => house.ask(house.loginHost, 'GET', path)))
    for (const [index, { status, text }] of documents.entries()) {
      assert.equal(status, 200, String(paths[index]))
      assert.equal(text, documents[0]?.text)
    }
    const { issuer, token_endpoint, authorization_endpoint, jwks_uri } = (documents[0] as Heard).json
    assert.equal(issuer, `https://login.cardea.internal/${tenant}/v2.0`)
    assert.equal(token_endpoint, `https://login.cardea.internal/${tenant}/oauth2/v2.0/token`)
    assert.ok(
      authorization_endpoint.startsWith('https://login.cardea.internal/') &&
        jwks_uri.startsWith('https://login.cardea.internal/'),
    )
  })

  it('knows no other tenant', async () => {
    const heard = await house.ask(house.loginHost, 'GET', `/${randomUUID()}/v2.0/.well-known/openid-configuration`)
    assert.equal(heard.status, 400)
    assert.match(heard.json.error_description, /^AADSTS90002/)
  })

  it('publishes the keys that verify our tokens', async () => {
    const token = await app.token()
    const { json } = await house.ask(house.loginHost, 'GET', `/${house.cardea.installation.tenant}/discovery/v2.0/keys`)
    const { kid } = decodeProtectedHeader(token)
    const key = json.keys.find((one: { kid: string }) => one.kid === kid) as JWK
    assert.deepEqual(Object.keys(key).sort(), ['alg', 'e', 'kid', 'kty', 'n', 'use'])
    await jwtVerify(token, createPublicKey({ key: key as never, format: 'jwk' }), { currentDate: new Date(now) })
  })
})
