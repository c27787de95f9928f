import type { Instant } from '#base/clock.ts'
import type { KeptEntry } from '#core/audit/entry.ts'

/** Who read which version of a secret when last, from where, and how often in all. */
export type Reading = {
  /** The resource id of the secret, in lower case. */
  readonly secret: string
  readonly version: string
  readonly caller: string
  readonly appId: string
  readonly at: Instant
  readonly address: string
  readonly times: number
}

const version = /^(.+\/secrets\/[^/]+)\/([0-9a-f]{32})$/

/** What a piece of the journal says about readings: those of the same version by the same caller taken together. */
export class Gleaning {
  /** By the version's resource id, which differs in nothing by case, and the caller. */
  readonly #read = new Map<string, Reading>()
  readonly #purged = new Map<string, Instant>()
  #last: number

  /** `after` is the number of the last entry before these. */
  constructor(after: number) {
    this.#last = after
  }

  /** Takes in the entry that follows those before. What was read before its secret was purged isn't told. */
  add({ operation, resource, outcome, caller, circumstances, at, number }: KeptEntry): void {
    this.#last = number
    if (outcome !== 'done') return
    if (operation === 'SecretGet') this.#addReading(resource, caller, circumstances.address, at)
    else if (operation === 'SecretPurge') this.#addPurge(resource.toLowerCase(), at)
  }

  #addReading(resource: string, { objectId: caller, appId }: KeptEntry['caller'], address: string, at: Instant): void {
    const place = resource.toLowerCase()
    const key = `${place} ${caller}`
    const before = this.#read.get(key)
    if (before !== undefined) {
      this.#read.set(key, { ...before, at, address, times: before.times + 1 })
      return
    }
    const [, secret, which] = version.exec(place) ?? []
    if (secret === undefined || which === undefined) return
    this.#read.set(key, { secret, version: which, caller, appId, at, address, times: 1 })
  }

  #addPurge(secret: string, at: Instant): void {
    this.#purged.set(secret, at)
    for (const [key, reading] of this.#read) if (reading.secret === secret) this.#read.delete(key)
  }

  /** How many rows it takes to keep this, at most. */
  get size(): number {
    return this.#read.size + this.#purged.size
  }

  /** The number of the last entry that was taken in. */
  get last(): number {
    return this.#last
  }

  get read(): Iterable<Reading> {
    return this.#read.values()
  }

  /** When each secret was purged that was. */
  get purged(): ReadonlyMap<string, Instant> {
    return this.#purged
  }
}
