/**
 * What was read of committed state, kept until the next change. Only an engine that this process alone writes to can
 * have one: it knows of every change before anybody is answered. What is kept is as it lies in the database: sealed.
 */
export class Recall {
  readonly #bytesMax: number
  readonly #kept = new Map<string, unknown>()
  #bytes = 0
  /** How often something changed: what was being read meanwhile is not kept. */
  #changes = 0

  constructor(bytesMax = 16 * 1024 * 1024) {
    this.#bytesMax = bytesMax
  }

  /** What is kept under a key, if anything is. Whoever asks knows of what kind it is. */
  find(key: string): unknown {
    return this.#kept.get(key)
  }

  /** Reads, and keeps what is found unless something changes before it is; `bytesOf` says about how large it is. */
  async keep<T>(
    key: string,
    read: () => Promise<T | undefined>,
    bytesOf: (found: T) => number,
  ): Promise<T | undefined> {
    const changes = this.#changes
    const found = await read()
    if (found === undefined || changes !== this.#changes) return found
    this.#bytes += bytesOf(found)
    if (this.#bytes > this.#bytesMax) this.#empty(bytesOf(found))
    this.#kept.set(key, found)
    return found
  }

  /** Something changes: nothing that was read before is believed any longer. */
  forget(): void {
    this.#changes += 1
    if (this.#kept.size > 0) this.#empty(0)
  }

  #empty(bytes: number): void {
    this.#kept.clear()
    this.#bytes = bytes
  }
}
