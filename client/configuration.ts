import type { Engine } from './engine.ts'
import { ConfigurationError } from './errors.ts'
import { Feed } from './feed.ts'
import { type Consumer, Live } from './live.ts'
import { objectOf } from './object.ts'
import { span } from './pace.ts'
import type { Use } from './reporter.ts'
import type { ConfigurationChange, SecretVersion } from './state.ts'

/** What `load` keeps for a configuration beside its engine. */
export type Around = {
  startReporting?(uses: () => ReadonlyMap<string, readonly Use[]>): { soon(): void }
  close(): void
}
type Stop = () => void

/** No interval is shorter, as in Azure's own providers. */
export const intervalMsMin = 1000

/**
 * Settings and secrets as they are now. Reading is instant and can't fail: an outage leaves the last good values. Each
 * change swaps the whole configuration in one step, so what is read without waiting in between belongs together.
 */
export class Configuration implements Disposable, AsyncDisposable {
  readonly #engine: Engine
  readonly #around: Around
  readonly #reporter: { soon(): void } | undefined
  readonly #listeners = new Set<(changes: readonly ConfigurationChange[]) => unknown>()
  readonly #feeds = new Set<Feed>()
  /** What everything that `use` makes runs on, under a sign of its own. */
  readonly #running = new Map<symbol, { readonly key: string; readonly secrets: readonly SecretVersion[] }>()

  /** @internal `load` is the door. */
  constructor(engine: Engine, around: Around) {
    this.#engine = engine
    this.#around = around
    engine.swapped.add((changes) => this.#swapped(changes))
    this.#reporter = around.startReporting?.(() => this.#uses())
  }

  /** The value of a key, or nothing if there is no such key. */
  get(key: string): string | undefined {
    return this.#engine.state.get(key)?.value
  }

  has(key: string): boolean {
    return this.#engine.state.has(key)
  }

  keys(): string[] {
    return [...this.#engine.state.keys()]
  }

  /** All keys and values of one moment. */
  entries(): [key: string, value: string][] {
    return [...this.#engine.state].map(([key, { value }]) => [key, value])
  }

  /** Which version of a secret this key has now; nothing if its value isn't a secret's. */
  secretVersion(key: string): string | undefined {
    return this.#engine.state.get(key)?.secret?.version
  }

  /** All of one moment as one object: keys are taken apart at the separator, JSON values are parsed. */
  constructConfigurationObject({ separator = '.' }: { separator?: string } = {}): Record<string, unknown> {
    return objectOf(this.#engine.state, separator)
  }

  /**
   * How often a Key Vault reference's secret is read anew, whatever its setting does: one key's, or that of all keys
   * without an interval of their own. In milliseconds, at least 1000; Infinity for never.
   */
  setSecretRefreshInterval(key: string, intervalInMs: number): void
  setSecretRefreshInterval(intervalInMs: number): void
  setSecretRefreshInterval(first: string | number, second?: number): void {
    const [ms, key] = typeof first === 'string' ? [second as number, first] : [first]
    this.#engine.setSecretInterval(span('The secret refresh interval', ms, intervalMsMin), key)
  }

  /**
   * Looks at everything now, or at one key. Rejects if the store can't be read; a secret that can't be read keeps its last
   * good value and is told to `onError`.
   */
  refresh(key?: string): Promise<void> {
    return this.#engine.refresh(key)
  }

  /** Calls with what has changed, once for each swap. Gives the function that ends it. */
  onChange(listener: (changes: readonly ConfigurationChange[]) => unknown): Stop {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Calls when this key has another value. Gives the function that ends it. */
  watch(key: string, listener: (change: ConfigurationChange) => unknown): Stop {
    return this.onChange((changes) => {
      const change = changes.find((each) => each.key === key)
      return change && listener(change)
    })
  }

  /** What has changed, one after another, until the loop is left or the configuration is closed. */
  changes(): AsyncIterableIterator<ConfigurationChange> {
    const feed = new Feed(() => this.#feeds.delete(feed))
    if (this.#engine.closed) void feed.return()
    else this.#feeds.add(feed)
    return feed
  }

  /** Calls with what couldn't be done; the configuration goes on by itself. Gives the function that ends it. */
  onError(listener: (error: ConfigurationError) => void): Stop {
    this.#engine.failed.add(listener)
    return () => this.#engine.failed.delete(listener)
  }

  /**
   * Makes something from a key's value, and makes it anew whenever the value changes: prepared first, swapped in one
   * step, the old one drained after. Rejects if the first one can't be made.
   */
  async use<T>(key: string, consumer: Consumer<T>): Promise<Live<T>> {
    const sign = Symbol(key)
    return Live.open(key, consumer, {
      read: () => this.#engine.state.get(key),
      subscribe: (listener) => {
        this.#engine.swapped.add(listener)
        return () => this.#engine.swapped.delete(listener)
      },
      failed: (error) => this.#engine.tell(error),
      runsOn: (secrets) => {
        if (secrets.length > 0) this.#running.set(sign, { key, secrets })
        else this.#running.delete(sign)
        this.#reporter?.soon()
      },
    })
  }

  /** Ends all refreshing. The values stay as they are; what `use` gave is closed by whoever has it. */
  close(): void {
    this.#engine.close()
    for (const feed of [...this.#feeds]) void feed.return()
    this.#around.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close()
  }

  #swapped(changes: readonly ConfigurationChange[]): void {
    this.#reporter?.soon()
    if (changes.length === 0) return
    for (const feed of [...this.#feeds]) feed.push(changes)
    for (const listener of [...this.#listeners]) void this.#call(listener, changes)
  }

  /** A listener that throws is its own affair: the others are called, and `onError` hears of it. */
  async #call(listener: (changes: readonly ConfigurationChange[]) => unknown, changes: readonly ConfigurationChange[]) {
    try {
      await listener(changes)
    } catch (cause) {
      const keys = changes.map(({ key }) => `"${key}"`).join(', ')
      this.#engine.tell(new ConfigurationError('consumer', `A listener failed on the change of ${keys}.`, { cause }))
    }
  }

  /** What the program runs on: of a key in `use`, what was made from it; of any other, what `get` gives. */
  #uses(): Map<string, Use[]> {
    const running = [...this.#running.values()]
    const inUse = new Set(running.map(({ key }) => key))
    const read = [...this.#engine.state].flatMap(([key, { secret }]) => (secret && !inUse.has(key) ? [secret] : []))
    const uses = new Map<string, Map<string, Use>>()
    for (const { reference, version } of [...running.flatMap(({ secrets }) => secrets), ...read]) {
      const { origin, name } = reference
      const ofVault = uses.get(origin) ?? new Map<string, Use>()
      uses.set(origin, ofVault.set(`${name}/${version}`, { secret: name, version }))
    }
    return new Map([...uses].map(([origin, ofVault]) => [origin, [...ofVault.values()]]))
  }
}
