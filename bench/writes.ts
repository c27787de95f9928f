import assert from 'node:assert/strict'
import { join } from 'node:path'
import { startBare } from './bare.ts'
import { answeredIn, compare, heldAgainst } from './comparison.ts'
import { apiVersion, openHouse, sameAnswer, tlsFiles } from './house.ts'
import { generator, type Load } from './load.ts'
import {
  alternating,
  type Options,
  type Outcome,
  type Round,
  round,
  summaryOf,
  tableOf,
  warmUpSeconds,
} from './measure.ts'

/**
 * Durable writes of a secret, against what the disk's group commit allows: a bare TLS server that takes the same bodies and
 * keeps the same records, all that arrived together in one commit. Beside it, for what the records themselves cost, the
 * same server with one row for each write. A sketch: base pays 25 µs for TLS and HTTP, 5 for one row or 25 for all records.
 */
const budget = { ratio: 0.1, target: 0.5 }

const names = 200

export async function writes(options: Options): Promise<Outcome> {
  const { connections, seconds, rounds, say } = options
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
  for (const { pid, port } of [bare, plain]) await round(pid, load(port, warmUpSeconds))
  await onCardea(warmUpSeconds)
  const onBare =
    ({ pid, port }: typeof bare) =>
    () =>
      round(pid, load(port))
  const [base, oneRow, cardea] = (await alternating(rounds, [onBare(bare), onBare(plain), () => onCardea()])) as [
    Round[],
    Round[],
    Round[],
  ]

  for (const side of [base, oneRow]) answeredIn(side)
  const answered = 1 + answeredIn(all)
  const kept = await house.autopsy((database) => {
    const count = (text: string) => Number(database.prepare(text).get()?.count)
    return {
      versions: count('select count(*) as count from secret_version'),
      changes: count("select count(*) as count from change where type = 'secret-version-created'"),
      entries: count("select count(*) as count from audit where operation = 'SecretSet' and outcome = 'done'"),
    }
  })
  const { versions, changes, entries } = kept
  heldAgainst(answered, versions, all, connections)
  assert.deepEqual([changes, entries], [versions, versions], 'versions, their changes and their audit entries')

  const { sides, ratio, spread, figures } = compare(base, cardea, options)
  const ratioToOneRow = sides.cardea.perSecond / summaryOf(oneRow).perSecond
  say(tableOf({ ...sides, 'one row': summaryOf(oneRow) }))
  say(`ratio ${ratio.toFixed(3)}, to one row a write ${ratioToOneRow.toFixed(3)} (${spread}; target ${budget.target})`)
  say(
    `${answered} writes answered; ${versions} versions, ${changes} changes, ${entries} audit records durable after SIGKILL`,
  )
  return { kept: ratio >= budget.ratio, figures: { bench: 'writes', ...figures, ratioToOneRow, answered, versions } }
}
