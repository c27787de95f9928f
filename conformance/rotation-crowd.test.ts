import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises'
import { Agent } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { findPostgres, startPostgres } from '@cardea/tools/servers/postgres'
import { needs } from '@cardea/tools/servers/require'
import { Client } from 'pg'
import { ask } from './ask.ts'
import { developerToken, ended, readiness } from './server-process.ts'

/**
 * Two servers, each a process of its own, on one PostgreSQL, and more secrets due in the same moment than one of them
 * could rotate alone: each is rotated once. Three hundred of them, or as many as DUE says.
 */
const postgres = needs('PostgreSQL', findPostgres)
const due = Number(process.env.DUE ?? 300)
const domain = 'cardea.internal'
const day = 86_400
/** So many requests at once make the secrets. */
const hands = 32

type Server = { readonly child: ChildProcess; readonly port: number; readonly ca: string; readonly data: string }

async function begin(data: string, database: string): Promise<Server> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'programs', 'ahead.ts')], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: {
      PATH: process.env.PATH,
      CARDEA_DATA: data,
      CARDEA_DATABASE: database,
      CARDEA_PORT: '0',
      CARDEA_PROXY_PORT: 'off',
      CARDEA_DOMAIN: domain,
      CARDEA_LOG_LEVEL: 'warn',
    },
  })
  const { port } = await readiness(child)
  return { child, port, data, ca: await readFile(join(data, 'tls', 'ca.pem'), 'utf8') }
}

async function end({ child }: Server): Promise<void> {
  child.disconnect()
  await ended(child)
}

async function putAhead({ child }: Server, aheadMs: number): Promise<void> {
  child.send({ aheadMs })
  await once(child, 'message')
}

/** Puts things to a server, over and over on the same connections. */
async function putter(server: Server) {
  const token = await developerToken(server)
  const agent = new Agent({ keepAlive: true, maxSockets: hands })
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const { port, ca } = server
  return {
    async put(path: string, body: unknown) {
      const host = `demo.vault.${domain}`
      const answer = await ask({ port, ca, host, method: 'PUT', path, headers, agent, body: JSON.stringify(body) })
      assert.equal(answer.status, 200, answer.body)
    },
    [Symbol.dispose]: () => agent.destroy(),
  }
}

/** Makes the secrets, each bound so that it is due within the day. */
async function bindMany(server: Server): Promise<void> {
  using to = await putter(server)
  let next = 0
  const hand = async () => {
    while (next < due) {
      const name = `crowd-${next++}`
      await to.put(`/secrets/${name}?api-version=7.4`, { value: `first of ${name}` })
      await to.put(`/.cardea/secrets/${name}/rotation`, { provider: 'random', binding: {}, intervalSeconds: day })
    }
  }
  await Promise.all(Array.from({ length: hands }, hand))
}

/** A commit, which wakes whoever waits for a time that a clock has leapt over. */
async function wake(server: Server): Promise<void> {
  using to = await putter(server)
  await to.put('/secrets/wake?api-version=7.4', { value: 'up' })
}

describe('two servers on one PostgreSQL with a crowd of secrets that are due at once', { skip: postgres.skip }, () => {
  it('rotate each of them once, and none is ever in the hands of both', {
    timeout: Math.max(570_000, due * 200),
  }, async (context) => {
    await using database = await startPostgres()
    const folders = await Promise.all([0, 1].map(() => mkdtemp(join(tmpdir(), 'cardea-crowd-'))))
    const [first, second] = folders as [string, string]
    const one = await begin(first, database.url())
    // The operator gives every node the same root key.
    await copyFile(join(first, 'root.key'), join(second, 'root.key'))
    const two = await begin(second, database.url())
    const sql = new Client({ connectionString: database.url() })
    await sql.connect()
    const rowsOf = async (text: string) => (await sql.query(text)).rows
    const numberOf = async (text: string) => Number((await rowsOf(text))[0].count)
    try {
      const began = performance.now()
      await bindMany(one)
      const boundAfter = performance.now() - began
      assert.equal(await numberOf('select count(*) from rotation'), 0)

      const since = performance.now()
      await Promise.all([one, two].map((server) => putAhead(server, day * 1000)))
      await wake(one)
      const over = `select count(*) from rotation where state = 'done'`
      while ((await numberOf(over)) < due) await wait(200)
      const seconds = (performance.now() - since) / 1000
      // Whoever claims twice would do so now.
      await wait(500)

      const versions = await rowsOf(
        `select name_key, count(*)::int as versions, count(distinct rotation)::int as rotations, count(rotation)::int as rotated
         from secret_version where name_key like 'crowd-%' group by name_key`,
      )
      assert.equal(versions.length, due)
      for (const { name_key, versions: made, rotations, rotated } of versions) {
        assert.deepEqual([made, rotations, rotated], [2, 1, 1], name_key)
      }
      assert.equal(await numberOf('select count(*) from rotation'), due)

      // A fence moves with each claim: once when it was bound, once when it was claimed, never by somebody else.
      const claims = await rowsOf(
        `select fence::int, count(*)::int from due where kind = 'rotation' and subject like '%/crowd-%' group by fence`,
      )
      assert.deepEqual(claims, [{ fence: 2, count: due }])

      // The journal tells the same: all that became of a rotation was written by one process, in order, and once.
      const journal = await rowsOf(
        `select correlation, count(distinct writer)::int as writers, min(writer) as writer,
                string_agg(outcome, ' ' order by at, number) as steps
         from audit where operation = 'RotationStep' group by correlation`,
      )
      assert.equal(journal.length, due)
      for (const { correlation, writers, steps } of journal) {
        assert.deepEqual([writers, steps], [1, 'applying verified done'], correlation)
      }
      const published = await rowsOf(
        `select count(*)::int as entries, count(distinct resource)::int as secrets, count(distinct correlation)::int as rotations
         from audit where operation = 'SecretSet' and agent = 'cardea rotation' and outcome = 'done'`,
      )
      assert.deepEqual(published, [{ entries: due, secrets: due, rotations: due }])

      const shares = [...Map.groupBy(journal, ({ writer }) => writer).values()].map((of) => of.length)
      assert.equal(shares.length, 2, 'both servers rotate')
      context.diagnostic(
        `${due} secrets bound in ${(boundAfter / 1000).toFixed(1)} s; rotated in ${seconds.toFixed(1)} s: ${(due / seconds).toFixed(0)} rotations/s, of which the two servers had ${shares.join(' and ')}`,
      )
    } finally {
      await sql.end()
      await Promise.all([end(one), end(two)])
      for (const folder of folders) await rm(folder, { recursive: true, force: true })
    }
  })
})
