import type { Instant } from '#base/clock.ts'
import type { Filter } from './filter.ts'

/** Who outside is told of what happens at a resource and below it, and how. */
export type Subscription = {
  readonly id: string
  readonly scope: string
  readonly name: string
  readonly state: State
  readonly trouble: string | undefined
  /** Its address has proven itself once: from then on events are kept for it. */
  readonly proven: boolean
  readonly terms: Terms
  /** Address and signing key, sealed to the row; undefined for the receiver that the settings name. */
  readonly sealed: Uint8Array | undefined
  readonly answerUntil: Instant | undefined
  readonly created: Instant
  readonly updated: Instant
}

/** Events are carried to an address only while it has said that it wants them: in `Succeeded`. */
export type State = 'Creating' | 'Updating' | 'AwaitingManualAction' | 'Succeeded' | 'Failed'

const schemas = ['EventGridSchema', 'CloudEventSchemaV1_0'] as const
export type Schema = (typeof schemas)[number]

/** What may be shown of a subscription to whoever may read it. */
export type Terms = {
  readonly schema: Schema
  readonly filter: Filter
  readonly labels: readonly string[]
  readonly attemptsMax: number
  readonly liveMinutes: number
  readonly batchMax: number
  readonly batchKilobytes: number
  readonly expires: Instant | undefined
  /** In the order of the journal: what isn't taken holds up what comes after it. */
  readonly inOrder: boolean
  /** The address without what may be a credential: its query. */
  readonly baseUrl: string | undefined
  readonly headers: readonly ShownHeader[]
}
export type ShownHeader =
  | { readonly name: string; readonly type: 'Static'; readonly secret: boolean; readonly value: string | undefined }
  | { readonly name: string; readonly type: 'Dynamic'; readonly source: string }

/** What is sealed: the whole address, the key that signs what is sent there, and what proves that it wants it. */
export type Destination = {
  readonly url: string
  readonly key: string
  /** What the receiver hands back in a handshake, and what the address holds that it may ask for instead. */
  readonly code: string
  readonly token: string
  readonly secretHeaders: Readonly<Record<string, string>>
}

/** The secret value of a header; nothing where there is none, though every object has something called `constructor`. */
export const secretOf = (headers: Destination['secretHeaders'], name: string): string | undefined =>
  Object.hasOwn(headers, name) ? headers[name] : undefined

/** The receiver that the settings name is a subscription to everything, under this id. */
export const fromSettings = 'settings'

const minute = 60_000
const hour = 60 * minute
/** When what wasn't taken is tried again. */
type Schedule = {
  /** The pauses after each failure; the last one is repeated. */
  readonly pausesMs: readonly number[]
  /** Whether an answer that makes others wait longer is heeded. */
  readonly heedsAnswers: boolean
}
/** Event Grid's own. */
export const usualSchedule: Schedule = {
  pausesMs: [
    ...[10_000, 30_000, minute, 5 * minute, 10 * minute, 30 * minute],
    ...[hour, 3 * hour, 6 * hour, 12 * hour],
  ],
  heedsAnswers: true,
}

/** What came back: a status with what it said of when to come again, or how it failed to. */
export type Heard =
  | { readonly status: number; readonly retryAfterMs?: number | undefined }
  | { readonly failed: string }

type Verdict =
  | { readonly taken: true }
  | {
      readonly taken: false
      /** In Event Grid's words. */
      readonly outcome: string
      /** Before so much time there is no use in trying again; undefined: there never is. */
      readonly afterMs: number | undefined
    }

const usualMs = 10_000
const refusals = new Map<number, Omit<Verdict & { taken: false }, 'taken'>>([
  [400, { outcome: 'BadRequest', afterMs: undefined }],
  [401, { outcome: 'Unauthorized', afterMs: undefined }],
  [403, { outcome: 'Forbidden', afterMs: undefined }],
  [404, { outcome: 'NotFound', afterMs: 5 * minute }],
  [408, { outcome: 'TimedOut', afterMs: 2 * minute }],
  [410, { outcome: 'Disabled', afterMs: undefined }],
  [413, { outcome: 'PayloadTooLarge', afterMs: undefined }],
  [415, { outcome: 'BadRequest', afterMs: undefined }],
  [422, { outcome: 'BadRequest', afterMs: undefined }],
  [429, { outcome: 'Busy', afterMs: usualMs }],
  [503, { outcome: 'Busy', afterMs: 30_000 }],
])
const failures: Readonly<Record<string, { readonly outcome: string; readonly afterMs: number }>> = {
  'timed-out': { outcome: 'TimedOut', afterMs: usualMs },
  unresolved: { outcome: 'ResolutionError', afterMs: 5 * minute },
  refused: { outcome: 'Forbidden', afterMs: 5 * minute },
}

/** What an answer means for the event that was sent. Only 200 to 204 is a yes. */
export function verdictOn(heard: Heard): Verdict {
  if ('failed' in heard) {
    return { taken: false, ...(failures[heard.failed] ?? { outcome: 'SocketError', afterMs: usualMs }) }
  }
  const { status, retryAfterMs = 0 } = heard
  if (status >= 200 && status <= 204) return { taken: true }
  const said = refusals.get(status) ?? { outcome: 'GenericError', afterMs: usualMs }
  return {
    taken: false,
    outcome: said.outcome,
    afterMs: said.afterMs === undefined ? undefined : Math.max(said.afterMs, Math.min(retryAfterMs, hour)),
  }
}

/** What becomes of an event that wasn't taken: another attempt at a time, or none for a reason. */
export type Fate = { readonly due: Instant } | { readonly dead: string }

type Waited = { readonly attempt: number; readonly published: Instant }

/** After the attempt that makes `attempt` of them. `random` from 0 to 1 spreads those that failed together. */
export function fateOf(
  { attempt, published }: Waited,
  { outcome, afterMs }: Verdict & { taken: false },
  { attemptsMax, liveMinutes }: Pick<Terms, 'attemptsMax' | 'liveMinutes'>,
  {
    at,
    random,
    schedule: { pausesMs, heedsAnswers },
  }: { readonly at: Instant; readonly random: number; readonly schedule: Schedule },
): Fate {
  if (afterMs === undefined) return { dead: outcome }
  if (attempt >= attemptsMax) return { dead: 'MaxDeliveryAttemptsExceeded' }
  if (isOver(published, liveMinutes, at)) return { dead: 'TimeToLiveExceeded' }
  const pause = pausesMs[Math.min(attempt, pausesMs.length) - 1] as number
  return { due: at + Math.max(Math.round(pause * (1 + random / 10)), heedsAnswers ? afterMs : 0) }
}

const isOver = (published: Instant, liveMinutes: number, at: Instant): boolean => at - published >= liveMinutes * minute

/** What waits, in portions that go together: no more than so many, nor, as far as it can be helped, so many bytes. */
export function portions<T extends { readonly body: string }>(
  waiting: readonly T[],
  { batchMax, batchKilobytes }: Pick<Terms, 'batchMax' | 'batchKilobytes'>,
): T[][] {
  const made: T[][] = []
  let bytes = 0
  for (const one of waiting) {
    const last = made.at(-1)
    if (last !== undefined && last.length < batchMax && bytes + one.body.length <= batchKilobytes * 1024) {
      last.push(one)
      bytes += one.body.length
    } else {
      made.push([one])
      bytes = one.body.length
    }
  }
  return made
}
