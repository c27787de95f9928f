import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { keyVaultReferenceType } from '@cardea/contract/appconfig/key-values'
import { type House, openHouse } from '@cardea/server/testing/house'
import { findPostgres, startPostgres, type TestPostgres } from '@cardea/tools/servers/postgres'
import { needs } from '@cardea/tools/servers/require'
import { runPrinted } from './client.ts'

const { skip } = needs('PostgreSQL', findPostgres)

describe('the guide of the client library', { skip }, () => {
  let house: House
  let postgres: TestPostgres
  before(async () => {
    if (skip) return
    ;[house, postgres] = await Promise.all([openHouse(), startPostgres()])
  })
  after(async () => {
    await house?.[Symbol.asyncDispose]()
    await postgres?.[Symbol.asyncDispose]()
  })

  const set = async (key: string, value: string, contentType?: string) => {
    const heard = await house.ask(house.storeHost, 'PUT', `/kv/${encodeURIComponent(key)}?api-version=2023-11-01`, {
      token: await house.developerToken(`https://${house.storeHost}`),
      body: { value, ...(contentType !== undefined && { content_type: contentType }) },
    })
    assert.equal(heard.status, 200, heard.text)
  }
  const point = async (key: string, secret: string, value: string) => {
    const token = await house.developerToken()
    const heard = await house.ask(house.vaultHost, 'PUT', `/secrets/${secret}?api-version=7.4`, {
      token,
      body: { value },
    })
    assert.equal(heard.status, 200, heard.text)
    const uri = `https://${house.vaultHost}/secrets/${secret}`
    await set(key, JSON.stringify({ uri }), `${keyVaultReferenceType};charset=utf-8`)
  }

  it('has programs that do what it says, as they are printed there', async () => {
    await set('Shop:Mail', '{"host":"mail.example","port":587}', 'application/json')
    await point('Shop:Password', 'mail-password', 'secret')
    await point('Shop:Database', 'shop-db', postgres.url())
    let over = false
    const greeting = (async () => {
      for (let count = 0; !over; count += 1) {
        await set('Shop:Greeting', ['Hello', 'Good morning'][count % 2] as string)
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
    })()
    const ran = await runPrinted('docs/guide/client.md', 'js', house.env)
    over = true
    await greeting
    const [first, use, pool] = ran.map(({ out, error }) => [out, error])
    assert.match(
      first?.join('') ?? '',
      /^password of a secret\n\{ host: 'mail\.example', port: 587 \}\nGreeting has changed to (Hello|Good morning)\n$/,
    )
    assert.deepEqual(use, ['mail is sent with the latest version\n', ''])
    assert.deepEqual(pool, ['the database says 42\n', ''])
  })
})
