import type { ConflictKind } from '@cardea/contract/cardea/rotation-plan'
import type { Instant } from '#base/clock.ts'
import { type Age, expiresOf, nextBegin, type Policy, rotatesByItself, standingNext } from './policy.ts'

/** A bound secret, as a plan needs to know it. */
export type Bound = {
  readonly name: string
  readonly policy: Policy
  /** What is published; undefined: nothing yet. */
  readonly age: Age | undefined
  /** It is deleted or disabled. */
  readonly off: boolean
  /** When to begin was decided by a rotation that failed with this version. */
  readonly retries: boolean
  /** The systems on which it changes something. */
  readonly targets: readonly string[]
  /** The secrets that its binding draws on. */
  readonly draws: readonly string[]
  readonly spread: number
}
export type Frame = { readonly from: Instant; readonly until: Instant; readonly atOnce: number }
export type Begin = { readonly at: Instant; readonly name: string; readonly expires: Instant | undefined }
export type Conflict = {
  readonly kind: ConflictKind
  readonly at: Instant | undefined
  readonly times: number
  readonly secrets: readonly string[]
  readonly says: string
}
export type Plan = Frame & { readonly rotations: readonly Begin[]; readonly conflicts: readonly Conflict[] }

/** Rotations that begin so close to each other may be under way together. */
const togetherMs = 600_000
const beginsMax = 5_000
/** Beyond a crowd of so many, each pair in it says nothing more. */
const pairsMax = 64

/**
 * What the scheduler would do from now on if each rotation succeeded at once and nobody did anything else: its own rules
 * under a clock that only they move.
 */
export function planOf(bound: readonly Bound[], frame: Frame): Plan {
  const found = new Conflicts()
  const running = bound.flatMap((one) => {
    if (one.off) found.add('off', undefined, [one.name], `${one.name} is disabled or deleted, so nothing rotates it.`)
    return one.off ? [] : [new Running(one, frame.from, found)]
  })
  const rotations: Begin[] = []
  let { until } = frame
  for (;;) {
    const first = soonest(running)
    if (first?.next === undefined || first.next > until) break
    if (rotations.length === beginsMax) {
      until = rotations.at(-1)?.at ?? until
      break
    }
    rotations.push(first.begin())
  }
  for (const one of running) one.lookAt(until)
  crossings(rotations, new Map(bound.map((one) => [one.name, one])), frame.atOnce, found)
  return { ...frame, until, rotations, conflicts: found.all() }
}

function soonest(running: readonly Running[]): Running | undefined {
  let first: Running | undefined
  for (const one of running) {
    if (one.next !== undefined && (first?.next === undefined || one.next < first.next)) first = one
  }
  return first
}

/** A secret under the virtual clock. */
class Running {
  readonly #bound: Bound
  readonly #found: Conflicts
  #age: Age | undefined
  next: Instant | undefined

  constructor(bound: Bound, now: Instant, found: Conflicts) {
    this.#bound = bound
    this.#found = found
    this.#age = bound.age
    this.next = standingNext(bound.policy, bound.age, bound.retries, now, bound.spread)
    this.#check()
  }

  /** Rotates now. */
  begin(): Begin {
    const { name, policy, spread } = this.#bound
    const at = this.next as Instant
    const expires = expiresOf(this.#age, at, policy.schedule?.validityMs)
    this.lookAt(at)
    this.#age = { created: at, expires }
    this.next = nextBegin(policy, this.#age, at, spread)
    this.#check()
    return { at, name, expires }
  }

  #check(): void {
    const { name, policy } = this.#bound
    if (this.next === undefined && rotatesByItself(policy)) {
      this.#found.add(
        'never',
        undefined,
        [name],
        `Nothing ever begins the next rotation of ${name}; look at its schedule.`,
      )
    }
  }

  /** Sees whether the version has expired by then, with nothing in its place. */
  lookAt(now: Instant): void {
    const { name } = this.#bound
    const expires = this.#age?.expires
    if (expires === undefined || expires >= now || (this.next !== undefined && this.next <= expires)) return
    this.#found.add('expires-first', expires, [name], `${name} expires before anything replaces it.`)
  }
}

/** What meets that should not: on one target, on a secret that the other draws on, or too many at once. */
function crossings(
  rotations: readonly Begin[],
  bound: ReadonlyMap<string, Bound>,
  atOnce: number,
  found: Conflicts,
): void {
  let crowdUntil = Number.NEGATIVE_INFINITY
  for (const [index, first] of rotations.entries()) {
    const { targets = [], draws = [] } = bound.get(first.name) ?? {}
    let together = 1
    for (let next = index + 1; next < rotations.length; next += 1) {
      const second = rotations[next] as Begin
      if (second.at - first.at >= togetherMs) break
      together += 1
      if (together > pairsMax || second.name === first.name) continue
      const other = bound.get(second.name)
      const shared = targets.find((target) => other?.targets.includes(target))
      const pair = [first.name, second.name].sort()
      if (shared !== undefined) {
        found.add('shared-target', first.at, pair, `${pair.join(' and ')} change ${shared} at the same time.`)
      }
      if (draws.includes(second.name.toLowerCase()) || other?.draws.includes(first.name.toLowerCase())) {
        found.add('draws-on', first.at, pair, `Of ${pair.join(' and ')}, one is changed while the other draws on it.`)
      }
    }
    if (together > atOnce && first.at >= crowdUntil) {
      crowdUntil = first.at + togetherMs
      found.add('crowded', first.at, [], `More than ${atOnce} rotations begin within ten minutes.`)
    }
  }
}

/** Each kind of meeting of the same secrets once, with how often it comes. */
class Conflicts {
  readonly #found = new Map<string, Conflict>()

  add(kind: ConflictKind, at: Instant | undefined, secrets: readonly string[], says: string): void {
    const key = `${kind} ${secrets.join(' ')}`
    const before = this.#found.get(key)
    this.#found.set(
      key,
      before === undefined ? { kind, at, times: 1, secrets, says } : { ...before, times: before.times + 1 },
    )
  }

  all(): readonly Conflict[] {
    return [...this.#found.values()].sort((one, other) => (one.at ?? 0) - (other.at ?? 0))
  }
}
