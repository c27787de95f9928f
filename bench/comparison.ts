import assert from 'node:assert/strict'
import { generator } from './load.ts'
import { type Options, type Round, type Summary, spreadOf, summaryOf } from './measure.ts'

/** What rounds on Cardea and on a base, in turn, say of each other: in words, and as figures for programs. */
export function compare(base: readonly Round[], cardea: readonly Round[], options: Options) {
  const sides = { base: summaryOf(base), cardea: summaryOf(cardea) }
  const [lowest, highest] = spreadOf(base, cardea)
  const ratio = sides.cardea.perSecond / sides.base.perSecond
  const { connections, rounds, seconds } = options
  return {
    sides,
    ratio,
    spread: `rounds ${lowest.toFixed(3)} to ${highest.toFixed(3)}`,
    figures: {
      ...{ ratio, ratioLowest: lowest, ratioHighest: highest },
      ...named(sides),
      ...{ connections, rounds, seconds, generator },
    },
  }
}

const named = ({ base, cardea }: Record<'base' | 'cardea', Summary>) => ({
  perSecond: cardea.perSecond,
  p50: cardea.p50,
  p99: cardea.p99,
  p999: cardea.p999,
  cpuMicroseconds: cardea.cpu,
  basePerSecond: base.perSecond,
  baseP50: base.p50,
  baseP99: base.p99,
  baseP999: base.p999,
  baseCpuMicroseconds: base.cpu,
})

/** How many requests of these rounds were answered. A bench in which one got no good answer measured something else. */
export function answeredIn(rounds: readonly Round[]): number {
  const failed = rounds.reduce((sum, found) => sum + found.failed, 0)
  assert.equal(failed, 0, `${failed} requests got no good answer`)
  return rounds.reduce((sum, found) => sum + found.answered, 0)
}

/**
 * Holds what is durable against what was answered. When the clock of a round stops, each connection may have a request whose
 * answer the generator no longer counts; gives how many that can be.
 */
export function heldAgainst(answered: number, durable: number, rounds: readonly Round[], connections: number): number {
  const cutOff = connections * rounds.length
  assert.ok(
    durable >= answered && durable <= answered + cutOff,
    `${answered} requests were answered, and ${durable} are durable`,
  )
  return cutOff
}
