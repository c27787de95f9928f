import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { environmentCredential } from './credential.ts'
import { RudeAzure } from './testing/rude-azure.ts'
import { pause, until } from './testing/wait.ts'

const scope = 'https://vault.rude.test/.default'

describe('the environment’s credential', () => {
  it('asks the token service once, however many wait, and keeps the token', async () => {
    await using azure = await RudeAzure.open()
    const credential = environmentCredential(azure.clientOptions)
    const tokens = await Promise.all(Array.from({ length: 20 }, () => credential.getToken([scope])))
    assert.equal(new Set(tokens.map((each) => each?.token)).size, 1)
    await credential.getToken(scope)
    const asked = azure.server.asked(/oauth2/)
    assert.equal(asked.length, 1)
    assert.equal(asked[0]?.path, '/adfs/oauth2/v2.0/token')
    assert.deepEqual(Object.fromEntries(new URLSearchParams(asked[0]?.body)), {
      grant_type: 'client_credentials',
      client_id: 'app',
      client_secret: 'app secret',
      scope,
    })
  })

  it('renews before the end, and lives on what it has while the token service is away', async () => {
    await using azure = await RudeAzure.open({ tokenSeconds: 1 })
    const credential = environmentCredential(azure.clientOptions)
    const first = await credential.getToken(scope)
    azure.server.grudge(/oauth2/, { status: 503 })
    await pause(850)
    assert.equal((await credential.getToken(scope))?.token, first?.token)
    await until('it tried in the background', () => azure.server.asked(/oauth2/).length === 2)
    await pause(200)
    await assert.rejects(credential.getToken(scope), { code: 'refused', status: 503 })
    azure.server.forgive()
    assert.notEqual((await credential.getToken(scope))?.token, first?.token)
  })

  it('says what was refused, and nothing of what was sent', async () => {
    await using azure = await RudeAzure.open()
    const body = JSON.stringify({ error: 'invalid_client', error_description: 'wrong: app secret' })
    azure.server.grudge(/oauth2/, { status: 401, body })
    const message = 'login.rude.test answered 401 invalid_client.'
    await assert.rejects(environmentCredential(azure.clientOptions).getToken(scope), {
      code: 'unauthenticated',
      message,
    })
  })

  it('takes no answer for a token that isn’t one', async () => {
    await using azure = await RudeAzure.open()
    for (const body of [
      '',
      '{}',
      '[]',
      '{"access_token":null,"expires_in":1}',
      '{"access_token":"x"}',
      '{"access_token":"x","expires_in":"soon"}',
    ]) {
      azure.server.grudge(/oauth2/, { status: 200, body }, { times: 1 })
      await assert.rejects(environmentCredential(azure.clientOptions).getToken(scope), { code: 'malformed' }, body)
    }
  })

  it('asks a managed identity when there is no client secret', async () => {
    await using azure = await RudeAzure.open()
    const { proxy } = azure.server
    const wishes = [
      [{ IDENTITY_ENDPOINT: `${proxy}/msi`, IDENTITY_HEADER: 'h' }, 'x-identity-header', '/msi?api-version=2019-08-01'],
      [
        { AZURE_POD_IDENTITY_AUTHORITY_HOST: `${proxy}/` },
        'metadata',
        '/metadata/identity/oauth2/token?api-version=2018-02-01',
      ],
    ] as const
    for (const [env, header, path] of wishes) {
      assert.ok((await environmentCredential({ env }).getToken(scope))?.token)
      const seen = azure.server.seen.at(-1)
      assert.ok(seen?.headers[header])
      assert.equal(seen?.path, `${path}&resource=https%3A%2F%2Fvault.rude.test`)
    }
  })

  it('says what is missing', () => {
    assert.throws(() => environmentCredential({ env: {} }), { code: 'invalid' })
    assert.throws(
      () => environmentCredential({ env: { AZURE_CLIENT_SECRET: 'x' } }),
      /AZURE_TENANT_ID and AZURE_CLIENT_ID/,
    )
    const env = {
      AZURE_CLIENT_SECRET: 'x',
      AZURE_TENANT_ID: 't',
      AZURE_CLIENT_ID: 'c',
      AZURE_AUTHORITY_HOST: 'http://login',
    }
    assert.throws(() => environmentCredential({ env }), /https/)
  })
})
