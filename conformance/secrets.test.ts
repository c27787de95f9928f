import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { keyVaultReferenceType } from '@cardea/contract/appconfig/key-values'
import { openHouse } from '@cardea/server/testing/house'
import { needs } from '@cardea/tools/servers/require'
import { findPythonSdk, runClient, seenBy } from './client.ts'

const house = await openHouse()
after(() => house[Symbol.asyncDispose]())

describe('Azure’s own clients, with the environment alone', () => {
  it('set, read, list, disable, delete, recover and purge secrets from JavaScript', async () => {
    const { versions, pages, ...seen } = await seenBy('secrets.js', house.env)
    assert.equal(versions, 2)
    assert.deepEqual(pages, [10, 10, 8])
    assert.deepEqual(seen, {
      set: ['one', 'text/plain', { a: '1' }, '2030-01-01T00:00:00.000Z', 'Recoverable+Purgeable', 90],
      latest: 'two',
      byVersion: 'one',
      disabled: '403 Forbidden SecretDisabled',
      enabledAgain: { b: '2' },
      missing: '404 SecretNotFound',
      recoveryId: 'https://demo.vault.cardea.internal/deletedsecrets/sdk',
      gone: '404 SecretNotFound',
      taken: '409 Conflict ObjectIsDeletedButRecoverable',
      deleted: 'sdk',
      listedDeleted: ['sdk'],
      recovered: 'two',
      purged: '404 SecretNotFound',
    })
  })

  const refer = async () => {
    const token = await house.developerToken(`https://${house.storeHost}`)
    const put = (key: string, body: object) =>
      house.ask(house.storeHost, 'PUT', `/kv/${key}?api-version=2023-11-01`, { token, body })
    const uri = `https://${house.vaultHost}/secrets/greeting`
    assert.equal(
      (
        await put('App:Greeting', {
          value: JSON.stringify({ uri }),
          content_type: `${keyVaultReferenceType};charset=utf-8`,
        })
      ).status,
      200,
    )
    assert.equal((await put('App:Plain', { value: 'plain' })).status, 200)
  }

  it('need ten lines and no option to set a secret, and to read it through a setting that refers to it', async () => {
    await refer()
    const { code, out, error } = await runClient('ten-lines.js', house.env)
    assert.deepEqual([code, out.trim()], [0, 'hello hello'], error)
  })

  const python = needs('Debian’s python3-azure', findPythonSdk)
  it('do the same from Python, as the lesson on Key Vault shows', { skip: python.skip }, async () => {
    const seen = await seenBy('secrets.py', house.env)
    assert.deepEqual(seen, {
      set: 'sk-abc123',
      expires: '2026-12-31T00:00:00+00:00',
      get: 'sk-abc123',
      specific: 'sk-abc123',
      versions: [true, true],
      disabled: '403 Forbidden',
      names: (seen.names as string[]).toSorted(),
      gone: '404 SecretNotFound',
      deleted: ['openai-api-key'],
      purged: '404 SecretNotFound',
    })
    assert.ok((seen.names as string[]).includes('openai-api-key'))
  })

  it('resolve a reference from Python', { skip: python.skip }, async () => {
    await refer()
    const vault = await house.developerToken()
    await house.ask(house.vaultHost, 'PUT', '/secrets/greeting?api-version=7.4', {
      token: vault,
      body: { value: 'from the vault' },
    })
    assert.deepEqual(await seenBy('reference.py', house.env), { greeting: 'from the vault', plain: 'plain' })
  })
})
