import assert from 'node:assert/strict'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { SecretBundle } from '@cardea/contract/vault/secrets'
import { startBare } from './bare.ts'
import { answeredIn, compare, heldAgainst } from './comparison.ts'
import { apiVersion, connectionsOfOurs, entriesIn, type House, openHouse, sameAnswer, tlsFiles } from './house.ts'
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
 * Audited reads of secrets, against a bare TLS server that answers the same bytes. A sketch: TLS and HTTP cost both sides
 * 15–20 µs; Cardea adds routing 4, one row from SQLite 4, opening it 3, the audit row 6, JSON 1, its share of a commit 4.
 * Beside it the same bare server, but with one durable row before each answer: so slow are the slowest on this disk, whoever answers.
 */
const budget = { ratio: 0.2, target: 0.35, p99Target: 3 }

const secrets = 1000
/** By our own client, each answer read and compared and each counted, to the last one. */
const comparedReads = 3200
const probeEveryMs = 20

export async function reads(options: Options): Promise<Outcome> {
  const { connections, seconds, rounds, say } = options
  await using house = await openHouse()
  const { server, host, headers } = house
  const values = await seed(house)
  const paths = [...values.keys()].map((name) => `/secrets/${name}?${apiVersion}`)
  const sample = sameAnswer(await house.request('GET', paths[0] as string))
  using bare = await startBare({ ...tlsFiles(server), ...sample })
  const witnessing = { database: join(server.data, 'one-row.db'), keeps: 'one row' } as const
  using durable = await startBare({ ...tlsFiles(server), ...sample, ...witnessing })
  let compared = 1

  const readAndCompare = async (index: number) => {
    const path = paths[index % paths.length] as string
    const { status, body } = await house.request('GET', path)
    assert.equal(status, 200, body)
    const name = path.slice('/secrets/'.length, path.indexOf('?'))
    assert.equal((JSON.parse(body) as SecretBundle).value, values.get(name), `the value of ${name}`)
    compared += 1
  }
  const askAndCompare = async (port: number) => {
    const { body } = await house.request('GET', paths[0] as string, undefined, { port })
    assert.equal(body, sample.body)
  }
  const load = (port: number, forSeconds = seconds): Load => ({
    ...{ port, host, headers, paths, connections, method: 'GET', seconds: forSeconds },
  })
  const all: Round[] = []
  const onCardea = async (forSeconds = seconds) => {
    const found = await whileProbed(readAndCompare, () => round(server.pid, load(server.port, forSeconds)))
    all.push(found)
    return found
  }
  const onBare = ({ pid, port }: typeof bare, forSeconds = seconds) =>
    whileProbed(
      () => askAndCompare(port),
      () => round(pid, load(port, forSeconds)),
    )

  say(
    `${generator}, ${connections} connections, a token of ${house.token.length} bytes, ${secrets} secrets; warming up`,
  )
  for (const each of [bare, durable]) await onBare(each, warmUpSeconds)
  await onCardea(warmUpSeconds)
  const [base, oneRow, cardea] = (await alternating(rounds, [
    () => onBare(bare),
    () => onBare(durable),
    () => onCardea(),
  ])) as [Round[], Round[], Round[]]
  for (let begun = 0; begun < comparedReads; begun += connectionsOfOurs) {
    await Promise.all(Array.from({ length: connectionsOfOurs }, (_, index) => readAndCompare(begun + index)))
  }

  for (const side of [base, oneRow]) answeredIn(side)
  const answered = compared + answeredIn(all)
  const kept = await house.autopsy((database) => entriesIn(database, 'SecretGet'))
  const cutOff = heldAgainst(answered, kept, all, connections)

  const { sides, ratio, spread, figures } = compare(base, cardea, options)
  const row = summaryOf(oneRow)
  const tail = sides.cardea.p99 / sides.base.p99
  const tailOfRow = row.p99 / sides.base.p99
  say(tableOf({ ...sides, 'one row': row }))
  say(`ratio ${ratio.toFixed(3)} (${spread}; target ${budget.target})`)
  say(`p99 is ${tail.toFixed(2)} times base's (target at most ${budget.p99Target})`)
  say(
    `what this disk allows: base's own p99 is ${tailOfRow.toFixed(2)} times as long with one durable row before each answer`,
  )
  say(`${answered} reads answered, ${compared} of them compared; ${kept} audit records durable after SIGKILL`)
  say(`(${kept - answered} were under way when a round ended; at most ${cutOff} can be)`)
  return {
    kept: ratio >= budget.ratio,
    figures: {
      bench: 'reads',
      ...figures,
      oneRowPerSecond: row.perSecond,
      oneRowP99: row.p99,
      answered,
      durable: kept,
    },
  }
}

/** Each side is asked by our own client, too, so that it costs all the same. */
async function whileProbed(probe: (turn: number) => Promise<void>, measured: () => Promise<Round>): Promise<Round> {
  const stop = new AbortController()
  const probing = (async () => {
    for (let turn = 0; !stop.signal.aborted; turn += 1) {
      await probe(turn * 7)
      await wait(probeEveryMs)
    }
  })()
  const [found] = await Promise.all([measured().finally(() => stop.abort()), probing])
  return found
}

/** Secrets of 400 bytes, each with a value of its own. */
async function seed(house: House): Promise<Map<string, string>> {
  const values = new Map<string, string>()
  for (let index = 0; index < secrets; index += 1) {
    const name = `secret-${String(index).padStart(4, '0')}`
    values.set(name, `${name} `.padEnd(400, 'v'))
  }
  const left = [...values]
  const writer = async () => {
    for (let next = left.pop(); next !== undefined; next = left.pop()) {
      const { status, body } = await house.request(
        'PUT',
        `/secrets/${next[0]}?${apiVersion}`,
        JSON.stringify({ value: next[1] }),
      )
      assert.equal(status, 200, body)
    }
  }
  await Promise.all(Array.from({ length: connectionsOfOurs }, writer))
  return values
}
