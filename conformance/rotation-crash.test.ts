import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import type { RotationView } from '@cardea/contract/cardea/rotations'
import { findPostgres, startPostgres, type TestPostgres } from '@cardea/tools/servers/postgres'
import { needs } from '@cardea/tools/servers/require'
import { Client } from 'pg'
import { ask } from './ask.ts'
import { developerToken, ended, readiness } from './server-process.ts'

/**
 * Promise P4, at every moment: a server that rotates a role pair of a real PostgreSQL is killed right before and right
 * after each step, started again, and must come to a good end: the published value logs in, the old one doesn't, no
 * version is lost and none is made twice.
 */
const postgres = needs('PostgreSQL', findPostgres)
const domain = 'cardea.internal'

type Server = { readonly child: ChildProcess; readonly port: number; readonly ca: string; readonly token: string }
type Row = { moment: number; step: string; when: string; state: string; recoveredMs: number }

describe('a server that is killed while it rotates', { skip: postgres.skip }, () => {
  let target: TestPostgres
  let data: string
  let server: Server
  before(async () => {
    target = await startPostgres({ database: 'shop' })
    data = await mkdtemp(join(tmpdir(), 'cardea-crash-'))
    server = await begin()
  })
  after(async () => {
    server.child.disconnect()
    await ended(server.child)
    await rm(data, { recursive: true, force: true })
    await target[Symbol.asyncDispose]()
  })

  async function begin(): Promise<Server> {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'programs', 'crash.ts')], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      env: {
        PATH: process.env.PATH,
        CARDEA_DATA: data,
        CARDEA_PORT: '0',
        CARDEA_PROXY_PORT: 'off',
        CARDEA_DOMAIN: domain,
        CARDEA_LOG_LEVEL: 'error',
      },
    })
    const { port } = await readiness(child)
    const ca = await readFile(join(data, 'tls', 'ca.pem'), 'utf8')
    return { child, port, ca, token: await developerToken({ port, ca, data }) }
  }

  async function request(method: string, path: string, body?: unknown) {
    const { port, ca, token } = server
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    const text = body === undefined ? {} : { body: JSON.stringify(body) }
    const answer = await ask({ port, ca, host: `demo.vault.${domain}`, method, path, headers, ...text })
    assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${answer.body}`)
    return answer.body === '' ? undefined : JSON.parse(answer.body)
  }
  const show = (): Promise<RotationView> => request('GET', '/.cardea/secrets/db/rotation')
  const current = (): Promise<{ value: string; id: string }> => request('GET', '/secrets/db?api-version=7.4')
  async function versions(): Promise<string[]> {
    const ids: string[] = []
    let path = '/secrets/db/versions?api-version=7.4'
    while (path !== '') {
      const page = await request('GET', path)
      ids.push(...page.value.map(({ id }: { id: string }) => id))
      path = page.nextLink === null ? '' : page.nextLink.slice(page.nextLink.indexOf('/secrets'))
    }
    return ids
  }
  async function ends(): Promise<NonNullable<RotationView['rotation']>> {
    const since = performance.now()
    for (;;) {
      const { rotation } = await show()
      if (rotation?.state === 'done' || rotation?.state === 'aborted') return rotation
      if (performance.now() - since > 20_000) throw new Error(`It never ended: ${JSON.stringify(rotation)}`)
      await wait(10)
    }
  }
  async function arm(killAt: number): Promise<void> {
    server.child.send({ killAt })
    await once(server.child, 'message')
  }
  async function logsIn(value: string): Promise<boolean> {
    const client = new Client({ connectionString: value, connectionTimeoutMillis: 3_000 })
    client.on('error', () => {})
    try {
      await client.connect()
      return true
    } catch {
      return false
    } finally {
      await client.end().catch(() => {})
    }
  }

  it('always comes to a good end, whatever the step (P4)', { timeout: 570_000 }, async (context) => {
    await request('PUT', '/secrets/db-admin?api-version=7.4', { value: target.url() })
    await request('PUT', '/.cardea/secrets/db/rotation', {
      provider: 'postgres',
      binding: {
        host: target.host,
        port: target.port,
        database: 'shop',
        admin: 'db-admin',
        roles: ['shop_a', 'shop_b'],
      },
      intervalSeconds: null,
      graceSeconds: 0,
    })
    assert.equal((await ends()).state, 'done')

    // One rotation that isn't disturbed tells the moments.
    const moments: { step: string; when: string }[] = []
    await arm(0)
    server.child.on('message', (said: { step?: string; when?: string }) => {
      if (said.step !== undefined) moments.push({ step: said.step, when: String(said.when) })
    })
    await request('POST', '/.cardea/secrets/db/rotate')
    assert.equal((await ends()).state, 'done')
    await wait(50)
    const last = moments.findLastIndex(({ step }) => step === 'done')
    assert.ok(last > 30, String(last))

    const table: Row[] = []
    const known = new Set(await versions())
    for (let moment = 1; moment <= last + 1; moment += 1) {
      const { step, when } = moments[moment - 1] as { step: string; when: string }
      const old = await current()
      await arm(moment)
      await request('POST', '/.cardea/secrets/db/rotate')
      await ended(server.child)
      const since = performance.now()
      server = await begin()
      const rotation = await ends()
      const recoveredMs = Math.round(performance.now() - since)
      const now = await current()
      table.push({ moment, step, when, state: rotation.state, recoveredMs })

      const where = `killed ${when} ${step} (${moment})`
      assert.equal(rotation.state, 'done', where)
      assert.notEqual(now.id, old.id, where)
      assert.equal(await logsIn(now.value), true, `${where}: what is published must log in`)
      assert.equal(await logsIn(old.value), false, `${where}: the old credential must not`)
      const after = await versions()
      for (const id of known) assert.ok(after.includes(id), `${where}: ${id} is lost`)
      assert.equal(after.length, known.size + 1, `${where}: one rotation, one version`)
      known.add(now.id)
    }
    for (const { moment, step, when, state, recoveredMs } of table) {
      context.diagnostic(
        `${String(moment).padStart(3)}  ${when.padEnd(6)} ${step.padEnd(14)} ${state.padEnd(8)} ${recoveredMs} ms`,
      )
    }
  })
})
