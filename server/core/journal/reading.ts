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

/** What entries say about readings, in their order: readings of the same version by the same caller taken together. */
export type Gleaning = {
  readonly read: readonly Reading[] /** When each secret was purged that was. */
  readonly purged: ReadonlyMap<string, Instant>
}

const version = /^(.+\/secrets\/[^/]+)\/([0-9a-f]{32})$/

/** What a piece of the journal says about readings. What was read before its secret was purged in it isn't told. */
export function glean(entries: readonly KeptEntry[]): Gleaning {
  const read = new Map<string, Reading>()
  const purged = new Map<string, Instant>()
  for (const { operation, resource, outcome, caller, circumstances, at } of entries) {
    if (outcome !== 'done') continue
    const place = resource.toLowerCase()
    if (operation === 'SecretPurge') {
      purged.set(place, at)
      for (const [key, { secret }] of read) if (secret === place) read.delete(key)
    }
    if (operation !== 'SecretGet') continue
    const [, secret, which] = version.exec(place) ?? []
    if (secret === undefined || which === undefined) continue
    const key = `${place} ${caller.objectId}`
    const times = (read.get(key)?.times ?? 0) + 1
    const { address } = circumstances
    read.set(key, { secret, version: which, caller: caller.objectId, appId: caller.appId, at, address, times })
  }
  return { read: [...read.values()], purged }
}
