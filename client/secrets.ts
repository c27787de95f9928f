import { type ConfigurationError, errorFrom } from './errors.ts'
import { jittered, later, type Pace, pauseMs, turnstile } from './pace.ts'
import type { Reference } from './reference.ts'
import type { Secret } from './vault.ts'

export type SecretSource = {
  fetch(reference: Reference): Promise<Secret>
  /** How long a secret may go unasked, in milliseconds. */
  intervalOf(id: string): number
  /** A secret has been read, for the first time or anew. */
  found(): void
  /** A secret couldn't be read; it will be tried again. */
  failed(id: string, error: ConfigurationError): void
}

type Held = {
  readonly reference: Reference
  secret?: Secret
  error?: ConfigurationError
  attempt: number
  timer?: NodeJS.Timeout | undefined
  flight?: Promise<void> | undefined
  /** Asked for while a flight was under way: its answer may be older than the question. */
  again: boolean
}

const pace: Pace = { firstMs: 500, mostMs: 60_000 }

/**
 * Keeps secrets fresh, each on its own: one that fails keeps its last good value, is tried again with growing pauses, and
 * stands in nobody's way. However many keys share a secret, it is fetched once.
 */
export class Secrets {
  readonly #source: SecretSource
  readonly #enter: ReturnType<typeof turnstile>
  readonly #held = new Map<string, Held>()
  #closed = false

  constructor(source: SecretSource, atOnce: number) {
    this.#source = source
    this.#enter = turnstile(atOnce)
  }

  secretOf(id: string): Secret | undefined {
    return this.#held.get(id)?.secret
  }

  errorOf(id: string): ConfigurationError | undefined {
    return this.#held.get(id)?.error
  }

  /** Takes these on. Done when each new one has been tried once; those known stay on their own clock. */
  async admit(references: Iterable<Reference>): Promise<void> {
    const flights: Promise<void>[] = []
    for (const reference of references) {
      if (this.#held.has(reference.id)) continue
      const held: Held = { reference, attempt: 0, again: false }
      this.#held.set(reference.id, held)
      flights.push(this.#fetch(held))
    }
    await Promise.all(flights)
  }

  /** Lets go of all but these. */
  retain(ids: ReadonlySet<string>): void {
    for (const [id, held] of this.#held) {
      if (ids.has(id)) continue
      clearTimeout(held.timer)
      this.#held.delete(id)
    }
  }

  /** Reads these anew, now; without a list, all. A pinned version that has been read can't have changed. */
  async renew(ids: Iterable<string> = [...this.#held.keys()]): Promise<void> {
    const held = [...ids].flatMap((id) => this.#held.get(id) ?? [])
    await Promise.all(
      held.filter(({ reference, secret }) => !(reference.version && secret)).map((each) => this.#fetch(each)),
    )
  }

  /** The intervals have changed: counts from now. */
  reschedule(): void {
    for (const held of this.#held.values()) if (!held.flight && !held.error) this.#schedule(held)
  }

  close(): void {
    this.#closed = true
    this.retain(new Set())
  }

  #fetch(held: Held): Promise<void> {
    if (held.flight !== undefined) held.again = true
    held.flight ??= this.#fly(held).finally(() => {
      held.flight = undefined
      this.#schedule(held)
    })
    return held.flight
  }

  async #fly(held: Held): Promise<void> {
    clearTimeout(held.timer)
    do {
      held.again = false
      try {
        held.secret = await this.#enter(() => this.#source.fetch(held.reference))
        delete held.error
        held.attempt = 0
      } catch (error) {
        held.error = errorFrom(error, `Reading the secret ${held.reference.name}`)
        held.attempt += 1
      }
      if (this.#closed || this.#held.get(held.reference.id) !== held) return
      if (held.error) this.#source.failed(held.reference.id, held.error)
      else this.#source.found()
    } while (held.again)
  }

  #schedule(held: Held): void {
    clearTimeout(held.timer)
    if (this.#closed || this.#held.get(held.reference.id) !== held) return
    const { error, attempt, reference } = held
    const pinned = reference.version !== undefined
    const rest = pinned ? Number.POSITIVE_INFINITY : jittered(this.#source.intervalOf(reference.id))
    const ms = error ? pauseMs(attempt - 1, pace, error.retryAfterMs) : rest
    held.timer = later(ms, () => void this.#fetch(held))
  }
}
