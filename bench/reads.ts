import assert from 'node:assert/strict'
import { setTimeout as wait } from 'node:timers/promises'
import type { SecretBundle } from '@cardea/contract/vault/secrets'
import { startBare } from './bare.ts'
import { answeredIn, compare, heldAgainst } from './comparison.ts'
import { syncsIn } from './disk.ts'
import { apiVersion, connectionsOfOurs, entriesIn, type House, openHouse, sameAnswer, tlsFiles } from './house.ts'
import { generator, type Load } from './load.ts'
import { alternating, type Options, type Outcome, type Round, round, tableOf, warmUpSeconds } from './measure.ts'

/**
 * Audited reads of secrets, against a bare TLS server that answers the same bytes. A sketch: TLS and HTTP cost both sides
 * 15–20 µs; Cardea adds routing 4, one row from SQLite 4, opening it 3, the audit row 6, JSON 1, its share of a commit 4.
 */
const budget = { ratio: 0.2, target: 0.35, p99Target: 3 }

const secrets = 1000
/** By our own client, each answer read and compared and each counted, to the last one. */
const comparedReads = 3200
const probeEveryMs = 20
const diskSeconds = 5

export async function reads(options: Options): Promise<Outcome> {
  const { connections, seconds, rounds, say } = options
  await using house = await openHouse()
  const { server, host, headers } = house
  const values = await seed(house)
  const paths = [...values.keys()].map((name) => `/secrets/${name}?${apiVersion}`)
  const sample = sameAnswer(await house.request('GET', paths[0] as string))
  using bare = await startBare({ ...tlsFiles(server), ...sample })
  let compared = 1

  const readAndCompare = async (index: number) => {
    const path = paths[index % paths.length] as string
    const { status, body } = await house.request('GET', path)
    assert.equal(status, 200, body)
    const name = path.slice('/secrets/'.length, path.indexOf('?'))
    assert.equal((JSON.parse(body) as SecretBundle).value, values.get(name), `the value of ${name}`)
    compared += 1
  }
  const askAndCompare = async () => {
    const { body } = await house.request('GET', paths[0] as string, undefined, { port: bare.port })
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
  const onBase = (forSeconds = seconds) =>
    whileProbed(askAndCompare, () => round(bare.pid, load(bare.port, forSeconds)))

  say(
    `${generator}, ${connections} connections, a token of ${house.token.length} bytes, ${secrets} secrets; warming up`,
  )
  await onBase(warmUpSeconds)
  await onCardea(warmUpSeconds)
  const disk = await syncsIn(server.data, diskSeconds)
  const [base, cardea] = (await alternating(rounds, [() => onBase(), () => onCardea()])) as [Round[], Round[]]
  for (let begun = 0; begun < comparedReads; begun += connectionsOfOurs) {
    await Promise.all(Array.from({ length: connectionsOfOurs }, (_, index) => readAndCompare(begun + index)))
  }

  answeredIn(base)
  const answered = compared + answeredIn(all)
  const durable = await house.autopsy((database) => entriesIn(database, 'SecretGet'))
  const cutOff = heldAgainst(answered, durable, all, connections)

  const { sides, ratio, spread, figures } = compare(base, cardea, options)
  const tail = sides.cardea.p99 / sides.base.p99
  say(tableOf(sides))
  say(`ratio ${ratio.toFixed(3)} (${spread}; target ${budget.target})`)
  say(
    `the disk alone synchronises in ${disk.p50.toFixed(2)} ms (p50), ${disk.p99.toFixed(1)} ms (p99), ${disk.max.toFixed(0)} ms (slowest)`,
  )
  say(`p99 is ${tail.toFixed(2)} times base's (target at most ${budget.p99Target})`)
  say(`${answered} reads answered, ${compared} of them compared; ${durable} audit records durable after SIGKILL`)
  say(`(${durable - answered} were under way when a round ended; at most ${cutOff} can be)`)
  return {
    kept: ratio >= budget.ratio,
    figures: { bench: 'reads', ...figures, diskP50: disk.p50, diskP99: disk.p99, diskMax: disk.max, answered, durable },
  }
}

/** Both sides are asked by our own client, too, so that it costs both the same. */
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
