import type { Consumer } from '@cardea/contract/cardea/consumers'
import type { RotationView } from '@cardea/contract/cardea/rotations'
import { type Instant, inSeconds } from '#base/clock.ts'
import type { Standing, Wanted } from '#core/rotation/rotation.ts'

type Given = {
  readonly provider: string
  readonly binding: unknown
  readonly intervalSeconds: number | null | undefined
  readonly graceSeconds: number | undefined
  readonly scrub: boolean | undefined
}

const inMs = <T extends null | undefined>(seconds: number | T): number | T =>
  typeof seconds === 'number' ? seconds * 1000 : seconds
const orNull = (at: Instant | undefined): number | null => (at === undefined ? null : inSeconds(at))

/** The treaty's words into ours. */
export const wantedFrom = ({ provider, binding, intervalSeconds, graceSeconds, scrub = true }: Given): Wanted => ({
  provider,
  binding,
  intervalMs: inMs(intervalSeconds),
  graceMs: inMs(graceSeconds),
  scrub,
})

/** Ours into the treaty's. No value, no candidate: names, times and words. */
export const viewOf = (secret: string, { policy, rotation, consumers }: Standing): RotationView => ({
  secret,
  provider: policy.provider,
  binding: JSON.parse(policy.binding) as unknown,
  intervalSeconds: policy.intervalMs === undefined ? null : policy.intervalMs / 1000,
  graceSeconds: policy.graceMs / 1000,
  scrub: policy.scrub,
  due: orNull(policy.next),
  rotation:
    rotation === undefined
      ? null
      : {
          id: rotation.id,
          state: rotation.state,
          reason: rotation.reason,
          attempt: rotation.attempt,
          started: inSeconds(rotation.started),
          entered: inSeconds(rotation.entered),
          version: rotation.newVersion ?? null,
          published: orNull(rotation.published),
          graceUntil: orNull(rotation.graceUntil),
          lastError: rotation.lastError ?? null,
        },
  consumers: consumers.map(
    ({ instance, application, version, seen }): Consumer => ({ instance, application, version, seen: inSeconds(seen) }),
  ),
})
