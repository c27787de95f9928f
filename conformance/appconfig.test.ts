import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type House, openHouse } from '@cardea/server/testing/house'

/** App Configuration as Azure's own JavaScript libraries see it, with the production names and ports. */
const program = fileURLToPath(new URL('./clients/settings.ts', import.meta.url))

describe('Azure’s libraries for App Configuration', () => {
  let house: House
  before(async () => {
    house = await openHouse()
  })
  after(() => house?.[Symbol.asyncDispose]())

  const runs = async (deed: string) => {
    const child = spawn(process.execPath, [program, deed], {
      env: { PATH: process.env.PATH, ...house.env },
      stdio: ['ignore', 'inherit', 'pipe'],
    })
    const [said, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')])
    assert.equal(code, 0, said)
  }

  it('add, read, change and delete settings with a connection string', () => runs('keeps-by-key'))
  it('add, read, change and delete settings with an Entra token', () => runs('keeps-by-token'))
  it('read page after page, and only the pages that changed', () => runs('pages'))
  it('choose by key and label', () => runs('filters'))
  it('load an application’s configuration with a secret from the vault, and refresh it', () => runs('provides'))
  it('are refused with a secret that isn’t the key’s', () => runs('refuses'))
})
