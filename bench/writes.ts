import assert from 'node:assert/strict'
import { join } from 'node:path'
import { startBare } from './bare.ts'
import { apiVersion, openHouse, sameAnswer, tlsFiles } from './house.ts'
import { generator, type Load } from './load.ts'
import { alternating, type Options, type Outcome, type Round, round, spreadOf, summaryOf, tableOf } from './measure.ts'
import { named } from './reads.ts'

/**
 * Durable writes of a secret, against what the disk's group commit allows: a bare TLS server that takes the same bodies and
 * keeps the same records, all that arrived together in one commit. Beside it, for what the records themselves cost, the
 * same server with one row for each write. A sketch: base pays 25 µs for TLS and HTTP, 5 for one row or 25 for all records.
 */
const budget = { ratio: 0.1, target: 0.5 }

const names = 200

export async function writes({ connections, seconds, rounds, say }: Options): Promise<Outcome> {
  await using house = await openHouse()
  const { server, host } = house
  const paths = Array.from(
    { length: names },
    (_, index) => `/secrets/written-${String(index).padStart(4, '0')}?${apiVersion}`,
  )
  const body = JSON.stringify({ value: 'w'.repeat(400) })
  const headers = { ...house.headers, 'content-type': 'application/json' }
  const one = await house.request('PUT', paths[0] as string, body)
  assert.equal(one.status, 200, one.body)
  const bareWith = (keeps: 'one row' | 'all records') =>
    startBare({ ...tlsFiles(server), ...sameAnswer(one), database: join(server.data, `${keeps}.db`), keeps })
  using bare = await bareWith('all records')
  using plain = await bareWith('one row')
  const load = (port: number, forSeconds = seconds): Load => ({
    ...{ port, host, headers, paths, body, connections, method: 'PUT', seconds: forSeconds },
  })
  const all: Round[] = []
  const onCardea = async (forSeconds = seconds) => {
    const found = await round(server.pid, load(server.port, forSeconds))
    all.push(found)
    return found
  }

  say(`${generator}, ${connections} connections, a token of ${house.token.length} bytes; warming up`)
  for (const { pid, port } of [bare, plain]) await round(pid, load(port, 3))
  await onCardea(4)
  const onBare =
    ({ pid, port }: typeof bare) =>
    () =>
      round(pid, load(port))
  const [base, oneRow, cardea] = (await alternating(rounds, [onBare(bare), onBare(plain), () => onCardea()])) as [
    Round[],
    Round[],
    Round[],
  ]

  const failed = [...all, ...base, ...oneRow].reduce((sum, found) => sum + found.failed, 0)
  assert.equal(failed, 0, 'requests without a good answer')
  const answered = 1 + all.reduce((sum, found) => sum + found.answered, 0)
  const kept = await house.autopsy((database) => {
    const count = (text: string) => Number(database.prepare(text).get()?.count)
    return {
      versions: count('select count(*) as count from secret_version'),
      changes: count("select count(*) as count from change where type = 'secret-version-created'"),
      entries: count("select count(*) as count from audit where operation = 'SecretSet' and outcome = 'done'"),
    }
  })
  const cutOff = connections * all.length
  const { versions, changes, entries } = kept
  assert.ok(versions >= answered && versions <= answered + cutOff, `${answered} writes were answered, ${versions} kept`)
  assert.deepEqual([changes, entries], [versions, versions], 'versions, their changes and their audit entries')

  const sides = { base: summaryOf(base), cardea: summaryOf(cardea) }
  const ratio = sides.cardea.perSecond / sides.base.perSecond
  const ratioToOneRow = sides.cardea.perSecond / summaryOf(oneRow).perSecond
  const [lowest, highest] = spreadOf(base, cardea)
  say(tableOf({ ...sides, 'one row': summaryOf(oneRow) }))
  say(
    `ratio ${ratio.toFixed(3)}, to one row a write ${ratioToOneRow.toFixed(3)} (rounds ${lowest.toFixed(3)} to ${highest.toFixed(3)}; target ${budget.target})`,
  )
  say(
    `${answered} writes answered; ${versions} versions, ${changes} changes, ${entries} audit records durable after SIGKILL`,
  )
  return {
    kept: ratio >= budget.ratio,
    figures: {
      bench: 'writes',
      ratio,
      ratioToOneRow,
      ratioLowest: lowest,
      ratioHighest: highest,
      ...named(sides),
      connections,
      rounds,
      seconds,
      generator,
      answered,
      versions,
    },
  }
}
