import type { IncomingMessage } from 'node:http'
import type { Change } from '@cardea/contract/cardea/changes'
import { ConfigurationError, errorFrom } from './errors.ts'
import { jittered, type Pace, pauseMs, sleep } from './pace.ts'
import { eventReader } from './sse.ts'
import { refusal } from './transport.ts'

/** Who follows a change stream says where, and is told three things. */
export type Follows = {
  readonly store: URL
  open(after: number | undefined, signal: AbortSignal): Promise<IncomingMessage>
  /** The stream stands. What changed before may have been missed; what changes from now on will be told. */
  stands(): void
  changed(changes: readonly Change[]): void
  failed(error: ConfigurationError): void
}

const pace: Pace = { firstMs: 100, mostMs: 30_000 }
/** The server says something every 15 s, if only a comment: three missed ones mean that nobody is there. */
const silenceMsMax = 45_000
/** A stream that lasted so long was a good one: the next one is opened as if it were the first. */
const goodMs = 10_000
/** A store that has no stream (Azure's own) may be replaced by one that has. */
const unsupportedPauseMs = 60 * 60_000

/** Follows the change stream of a store for as long as it is wanted, and opens it again whenever it breaks. */
export class Follower {
  /** Done when the first attempt has had any outcome. */
  readonly answered: Promise<void>
  readonly #follows: Follows
  readonly #silenceMs: number
  readonly #stop = new AbortController()
  #answer: () => void = () => {}
  #last: number | undefined

  constructor(follows: Follows, silenceMs = silenceMsMax) {
    this.#follows = follows
    this.#silenceMs = silenceMs
    this.answered = new Promise((resolve) => {
      this.#answer = resolve
    })
    void this.#run()
  }

  close(): void {
    this.#stop.abort(new ConfigurationError('closed', 'The configuration is closed.'))
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      const began = Date.now()
      let pause = 0
      try {
        if (!(await this.#listen())) pause = jittered(unsupportedPauseMs)
      } catch (thrown) {
        const error = errorFrom(thrown, 'Following the changes')
        pause = error.retryAfterMs ?? 0
        if (!signal.aborted) this.#follows.failed(error)
      }
      this.#answer()
      if (Date.now() - began > goodMs) attempt = 0
      await sleep(pauseMs(attempt, pace, pause), signal, false).catch(() => {})
    }
  }

  /** Listens until the stream ends. False if there is no stream here. */
  async #listen(): Promise<boolean> {
    const stop = new AbortController()
    const end = () => stop.abort()
    this.#stop.signal.addEventListener('abort', end)
    let watch: NodeJS.Timeout | undefined
    try {
      const response = await this.#follows.open(this.#last, stop.signal)
      try {
        const { statusCode: status = 0, headers } = response
        if (status === 404 || status === 405 || status === 501) return false
        if (status !== 200) throw refusal(this.#follows.store, { status, headers, body: '' })
        if (!headers['content-type']?.startsWith('text/event-stream')) return false
        // An open stream alone doesn't keep a program running.
        response.socket.unref()
        watch = setTimeout(end, this.#silenceMs).unref()
        await this.#hear(response.setEncoding('utf8'), watch)
      } finally {
        response.destroy()
      }
    } finally {
      clearTimeout(watch)
      this.#stop.signal.removeEventListener('abort', end)
    }
    return true
  }

  async #hear(response: AsyncIterable<string>, watch: NodeJS.Timeout): Promise<void> {
    const read = eventReader()
    try {
      for await (const piece of response) {
        watch.refresh()
        const changes: Change[] = []
        for (const { event, data } of read(piece)) {
          if (event === 'hello') this.#greet(data)
          else changes.push(...this.#take(data))
        }
        if (changes.length > 0) this.#follows.changed(changes)
      }
    } catch {
      // However a stream ends, what follows is the same: open it again, and look whether something was missed.
    }
  }

  #greet(data: string): void {
    const sequence = numberIn(data)
    // A journal that is shorter than what we have heard of is another one, restored from a backup.
    if (sequence !== undefined && (this.#last === undefined || sequence < this.#last)) this.#last = sequence
    this.#follows.stands()
    this.#answer()
  }

  #take(data: string): Change[] {
    try {
      const change = JSON.parse(data) as Change
      if (!Number.isSafeInteger(change.sequence) || typeof change.name !== 'string') throw new TypeError('not a change')
      if (change.sequence <= (this.#last ?? -1)) return []
      this.#last = change.sequence
      return [change]
    } catch {
      // Something changed, and it can't be told what: as after a gap, everything is looked at.
      this.#follows.failed(new ConfigurationError('malformed', 'The change stream told something that isn’t a change.'))
      this.#follows.stands()
      return []
    }
  }
}

const numberIn = (data: string): number | undefined => {
  const [, digits] = /"sequence"\s*:\s*(\d{1,15})\b/.exec(data) ?? []
  return digits === undefined ? undefined : Number(digits)
}
