import type { ConfigurationChange } from './state.ts'

/**
 * Changes for one reader who takes them at its own pace. What it hasn't taken yet is joined by key, so that a reader who
 * sleeps for a week finds each key once, with the value it knew and the value there is now.
 */
export class Feed implements AsyncIterableIterator<ConfigurationChange> {
  readonly #waiting = new Map<string, ConfigurationChange>()
  readonly #closed: () => void
  #waking: (() => void)[] = []
  #done = false

  constructor(closed: () => void) {
    this.#closed = closed
  }

  push(changes: readonly ConfigurationChange[]): void {
    for (const change of changes) {
      const { previous: _, ...now } = change
      const first = this.#waiting.get(change.key) ?? change
      this.#waiting.delete(change.key)
      if (first.previous === now.current) continue
      this.#waiting.set(change.key, { ...now, ...(first.previous !== undefined && { previous: first.previous }) })
    }
    if (this.#waiting.size > 0) this.#wake()
  }

  async next(): Promise<IteratorResult<ConfigurationChange>> {
    // Nothing else of the library keeps a program alive; who waits for changes wants to live until they come.
    const alive = setInterval(() => {}, 2 ** 30)
    try {
      while (this.#waiting.size === 0 && !this.#done) {
        await new Promise<void>((wake) => this.#waking.push(wake))
      }
    } finally {
      clearInterval(alive)
    }
    const [change] = this.#waiting.values()
    if (!change || this.#done) return { done: true, value: undefined }
    this.#waiting.delete(change.key)
    return { done: false, value: change }
  }

  async return(): Promise<IteratorResult<ConfigurationChange>> {
    this.#done = true
    this.#wake()
    this.#closed()
    return { done: true, value: undefined }
  }

  #wake(): void {
    for (const wake of this.#waking.splice(0)) wake()
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}
