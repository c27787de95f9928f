import { ConfigurationError } from './errors.ts'
import { later, type Pace, pauseMs } from './pace.ts'
import type { Entry, SecretVersion } from './state.ts'

/** How something that is made from a value follows it: a pool, a client, a TLS context. */
export type Consumer<T> = {
  /** Makes it anew and proves that it works; a rejection means that it doesn't, and that the old one stays. */
  prepare(value: string): T | Promise<T>
  /** Lets the old one finish its work and closes it, after the new one has taken its place. */
  drain?(old: T): unknown
}

/** What a `Live` needs to know of the configuration it belongs to. */
export type LiveSource = {
  read(): Entry | undefined
  subscribe(listener: () => void): () => void
  failed(error: ConfigurationError): void
  /**
   * What it runs on from now on: also what it is about to begin with, and what it has left and not yet drained. Nothing
   * once it is closed, or never began.
   */
  runsOn(secrets: readonly SecretVersion[]): void
}

type Made<T> = { readonly resource: T; readonly value: string; readonly secret: SecretVersion | undefined }

const pace: Pace = { firstMs: 250, mostMs: 30_000 }

/**
 * Something made from a key's value, always from one that works: the next one is prepared beside it, takes its place in
 * one step, and only then the old one is drained.
 */
export class Live<T> implements AsyncDisposable {
  readonly #key: string
  readonly #consumer: Consumer<T>
  readonly #source: LiveSource
  #made: Made<T>
  readonly #unsubscribe: () => void
  #switching: Promise<void> | undefined
  readonly #draining = new Map<Promise<void>, Made<T>>()
  #retry: NodeJS.Timeout | undefined
  #attempt = 0
  #closing: Promise<void> | undefined

  private constructor(key: string, consumer: Consumer<T>, source: LiveSource, made: Made<T>) {
    this.#key = key
    this.#consumer = consumer
    this.#source = source
    this.#made = made
    this.#unsubscribe = source.subscribe(() => this.#follow())
    this.#follow()
  }

  /** @internal `Configuration.use` is the door. */
  static async open<T>(key: string, consumer: Consumer<T>, source: LiveSource): Promise<Live<T>> {
    const now = source.read()
    if (!now) throw new ConfigurationError('not-found', `The configuration has no key "${key}".`, { key })
    const { value, secret } = now
    source.runsOn(secret ? [secret] : [])
    try {
      return new Live(key, consumer, source, { resource: await consumer.prepare(value), value, secret })
    } catch (error) {
      source.runsOn([])
      throw error
    }
  }

  /** The one to use now. Ask for it each time: it changes. */
  get current(): T {
    return this.#made.resource
  }

  /** The secret's version that `current` was made from; nothing, if the value isn't a secret's. */
  get version(): string | undefined {
    return this.#made.secret?.version
  }

  /** Done when the switch that is under way, if any, has been tried. */
  async settled(): Promise<void> {
    await this.#switching
  }

  /** Follows no longer, and drains the current one. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(): Promise<void> {
    this.#unsubscribe()
    clearTimeout(this.#retry)
    await this.#switching
    this.#drain(this.#made)
    await Promise.all(this.#draining.keys())
    this.#source.runsOn([])
  }

  #follow(): void {
    if (this.#closing || this.#switching) return
    clearTimeout(this.#retry)
    this.#switching = this.#switch().finally(() => {
      this.#switching = undefined
    })
  }

  async #switch(): Promise<void> {
    for (let now = this.#source.read(); now && !this.#closing; now = this.#source.read()) {
      const { value, secret } = now
      if (value === this.#made.value) {
        const { secret: before } = this.#made
        this.#made = { ...this.#made, secret }
        // Everything that changes anywhere comes by here; only what is another version is worth a report.
        if (!isSame(before, secret)) this.#tellWhatRuns()
        return
      }
      const prepared = await this.#prepared(value)
      if (!prepared) return
      // The world may have moved on while the new one was made; then it is old before its time.
      if (this.#closing || this.#source.read()?.value !== value) {
        this.#drain({ ...prepared, value, secret })
        continue
      }
      const old = this.#made
      this.#made = { ...prepared, value, secret }
      this.#attempt = 0
      this.#drain(old)
      this.#tellWhatRuns()
    }
  }

  async #prepared(value: string): Promise<{ resource: T } | undefined> {
    try {
      return { resource: await this.#consumer.prepare(value) }
    } catch (cause) {
      const said = `"${this.#key}": what uses it couldn't be made from the new value; the old one stays.`
      this.#source.failed(new ConfigurationError('consumer', said, { key: this.#key, cause }))
      this.#retry = later(pauseMs(this.#attempt, pace), () => this.#follow())
      this.#attempt += 1
      return undefined
    }
  }

  #drain(old: Made<T>): void {
    const { drain } = this.#consumer
    if (!drain) return
    const drained = (async () => {
      await drain.call(this.#consumer, old.resource)
    })()
      .catch((cause: unknown) => {
        const said = `"${this.#key}": what used the old value couldn't be drained.`
        this.#source.failed(new ConfigurationError('consumer', said, { key: this.#key, cause }))
      })
      .finally(() => {
        this.#draining.delete(drained)
        this.#tellWhatRuns()
      })
    this.#draining.set(drained, old)
  }

  #tellWhatRuns(): void {
    this.#source.runsOn([this.#made, ...this.#draining.values()].flatMap(({ secret }) => secret ?? []))
  }
}

const isSame = (one: SecretVersion | undefined, other: SecretVersion | undefined): boolean =>
  one?.version === other?.version && one?.reference.id === other?.reference.id
