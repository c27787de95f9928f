import { ConfigurationError, errorFrom } from './errors.ts'
import { atMost, type Pace, pauseMs, sleep } from './pace.ts'
import type { Gap } from './state.ts'

/** For how long a start is tried. */
export type Patience = {
  readonly timeoutMs: number
  /** How long a refusal is borne with. */
  readonly patienceMs: number
}

/** What is started. */
export type Starting = {
  /** Ends the start. */
  readonly signal: AbortSignal
  /** Reads the store. Gives what is done when each secret that is new has been tried once. */
  read(): Promise<{ readonly tried: Promise<void> }>
  /** Reads these secrets anew. */
  renew(ids: readonly string[]): Promise<void>
  /** What isn't there yet, each with the reason. */
  gaps(): readonly Gap[]
  tell(error: ConfigurationError): void
}

const pace: Pace = { firstMs: 250, mostMs: 5_000 }
/** It looks whether a refusal lasts no more often than this, and no more seldom. */
const lookMsMin = 50
const lookMsMax = 60_000
/** So many reasons are told in full; of the rest, the keys. */
const reasonsMax = 10

/**
 * The first reading, again and again until it is whole. What is away may come back, so it is waited for until the time is
 * over; what is refused passes only if somebody does something, so it is borne with for less.
 */
export class Startup {
  readonly #starting: Starting
  /** Since when each reference has been refused, by what the gap says was refused. */
  readonly #refusedSince = new Map<string, number>()
  /** The store's last error. */
  #error: ConfigurationError | undefined
  /** What has been refused for too long. */
  #refusal: ConfigurationError | undefined

  constructor(starting: Starting) {
    this.#starting = starting
  }

  /** Something was refused: from now on it counts, if it didn't before. */
  refused(what: string): void {
    if (!this.#refusedSince.has(what)) this.#refusedSince.set(what, Date.now())
  }

  /** Gives why not everything is there, if it isn't when the time that is left or the patience is over. */
  async run({ timeoutMs, patienceMs }: Patience, leftMs: number): Promise<ConfigurationError | undefined> {
    const ended = await atMost(leftMs, this.#load(patienceMs)).catch(() => false)
    return ended ? this.#refusal : lateError(timeoutMs, this.#error, this.#starting.gaps())
  }

  /** Ends when everything is there, or when something has been refused for longer than we have patience. */
  async #load(patienceMs: number): Promise<void> {
    const { signal, read, renew, gaps, tell } = this.#starting
    for (let attempt = 0; ; attempt += 1) {
      const suspects = this.#refusedFor(patienceMs)
      try {
        const { tried } = await read()
        this.#error = undefined
        await this.#unlessRefused(tried, patienceMs)
        // Nobody is given up for what was said a while ago: who has been refused for so long is asked once more.
        await renew(suspects)
        if (gaps().length === 0) return
        const refused = this.#refusedFor(patienceMs)
        if (suspects.some((each) => refused.includes(each))) {
          this.#refusal = refusedError(gaps())
          return
        }
      } catch (thrown) {
        this.#error = errorFrom(thrown, 'Reading the store')
        tell(this.#error)
      }
      const ms = pauseMs(attempt, pace, this.#error?.retryAfterMs)
      await (this.#error ? sleep(ms, signal) : this.#unlessRefused(sleep(ms, signal, false), patienceMs))
    }
  }

  /** Waits for the work, but not when something has been refused for so long; the work itself goes on. */
  async #unlessRefused(work: Promise<unknown>, patienceMs: number): Promise<void> {
    do {
      const since = this.#starting.gaps().flatMap(({ refused }) => this.#refusedSince.get(refused ?? '') ?? [])
      // What is refused from now on lasts at least this long, so there is no need to look sooner.
      const restMs = Math.min(patienceMs, Math.min(...since) + patienceMs - Date.now())
      if (await atMost(Math.min(Math.max(restMs, lookMsMin), lookMsMax), work)) return
    } while (this.#refusedFor(patienceMs).length === 0)
  }

  /** What has been refused for so long, and still is. */
  #refusedFor(ms: number): string[] {
    const until = Date.now() - ms
    return this.#starting
      .gaps()
      .flatMap(({ refused }) =>
        refused !== undefined && (this.#refusedSince.get(refused) ?? Number.POSITIVE_INFINITY) <= until
          ? [refused]
          : [],
      )
  }
}

/** The error of a start whose patience is over: of all that is refused. */
const refusedError = (gaps: readonly Gap[]): ConfigurationError =>
  gapsError(
    "The configuration can't be loaded",
    gaps.filter(({ refused }) => refused !== undefined),
  )

/** The error of a start whose time is over: of the store, or of all that isn't there. */
function lateError(timeoutMs: number, error: ConfigurationError | undefined, gaps: readonly Gap[]): ConfigurationError {
  const said = `The configuration couldn't be loaded within ${timeoutMs} ms`
  if (error)
    return new ConfigurationError(error.code, `${said}: ${error.message}`, { status: error.status, cause: error })
  return gapsError(said, gaps)
}

function gapsError(said: string, gaps: readonly Gap[]): ConfigurationError {
  const [first] = gaps
  if (!first) return new ConfigurationError('timeout', `${said}: the store hasn't answered.`)
  const reasons = gaps.slice(0, reasonsMax).map(({ error }) => error.message)
  const others = gaps.slice(reasonsMax).map(({ error }) => `"${error.key}"`)
  if (others.length > 0) reasons.push(`Missing as well: ${others.join(', ')}.`)
  if (gaps.some(({ refused }) => refused !== undefined)) reasons.push(wayOut)
  const { code, key, status } = first.error
  return new ConfigurationError(code, `${said}. ${reasons.join(' ')}`, { key, status, cause: first.error })
}

const wayOut = 'Create or enable the secret and let this application read it, fix the setting, or select fewer keys.'
