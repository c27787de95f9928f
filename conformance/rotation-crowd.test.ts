import assert from 'node:assert/strict'
import { once } from 'node:events'
import { copyFile, mkdtemp, rm } from 'node:fs/promises'
import { Agent } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { findPostgres, startPostgres } from '@cardea/tools/servers/postgres'
import { needs } from '@cardea/tools/servers/require'
import { Client } from 'pg'
import { ask } from './ask.ts'
import { developerToken, type ServerProcess, startServer } from './server-process.ts'

/**
 * Two servers, each a process of its own, on one PostgreSQL, and more secrets due in the same moment than one of them
 * could rotate alone: each is rotated once. Three hundred of them, or as many as DUE says.
 */
const postgres = needs('PostgreSQL', findPostgres)
const due = Number(process.env.DUE ?? 300)
const day = 86_400
/** For all of them together; far more than it takes. */
const rotatedMsMax = Math.max(300_000, due * 100)
/** So many requests at once make the secrets. */
const hands = 32

async function putAhead({ child }: ServerProcess, aheadMs: number): Promise<void> {
  child.send({ aheadMs })
  await once(child, 'message')
}

/** Puts things to a server, over and over on the same connections. */
async function putter(server: ServerProcess) {
  const token = await developerToken(server)
  const agent = new Agent({ keepAlive: true, maxSockets: hands })
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const { port, ca, domain } = server
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
async function bindMany(server: ServerProcess): Promise<void> {
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
async function wake(server: ServerProcess): Promise<void> {
  using to = await putter(server)
  await to.put('/secrets/wake?api-version=7.4', { value: 'up' })
}

describe('two servers on one PostgreSQL with a crowd of secrets that are due at once', { skip: postgres.skip }, () => {
  it('rotate each of them once, and none is ever in the hands of both', {
    timeout: Math.max(570_000, due * 200),
  }, async (context) => {
    await using opened = new AsyncDisposableStack()
    const database = opened.use(await startPostgres())
    const newFolder = async () => {
      const folder = await mkdtemp(join(tmpdir(), 'cardea-crowd-'))
      opened.defer(() => rm(folder, { recursive: true, force: true }))
      return folder
    }
    const [first, second] = [await newFolder(), await newFolder()]
    const begin = async (data: string) =>
      opened.use(await startServer({ data, database: database.url(), program: 'programs/ahead.ts' }))
    const one = await begin(first)
    // The operator gives every node the same root key.
    await copyFile(join(first, 'root.key'), join(second, 'root.key'))
    const two = await begin(second)
    const sql = new Client({ connectionString: database.url() })
    await sql.connect()
    opened.defer(() => sql.end())
    const rowsOf = async (text: string) => (await sql.query(text)).rows
    const numberOf = async (text: string) => Number((await rowsOf(text))[0].count)
    const began = performance.now()
    await bindMany(one)
    const boundAfter = performance.now() - began
    assert.equal(await numberOf('select count(*) from rotation'), 0)

    const since = performance.now()
    await Promise.all([one, two].map((server) => putAhead(server, day * 1000)))
    await wake(one)
    const over = `select count(*) from rotation where state = 'done'`
    while ((await numberOf(over)) < due) {
      assert.ok(performance.now() - since < rotatedMsMax, 'not all were rotated in time')
      await wait(200)
    }
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
  })
})
