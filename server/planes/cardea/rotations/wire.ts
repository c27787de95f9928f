import type { Consumer } from '@cardea/contract/cardea/consumers'
import type { RehearsalView } from '@cardea/contract/cardea/rehearsals'
import type { RotationItem, RotationPlan } from '@cardea/contract/cardea/rotation-plan'
import type { RotationView } from '@cardea/contract/cardea/rotations'
import type { RotationSchedule, rotationSchedule } from '@cardea/contract/cardea/schedule'
import type { Read } from '@cardea/contract/shape'
import { inSeconds, inSecondsOrNull } from '#base/clock.ts'
import type { BoundSecret } from '#core/rotation/bindings.ts'
import type { Plan } from '#core/rotation/plan.ts'
import type { Policy, Schedule } from '#core/rotation/policy.ts'
import type { Rehearsal } from '#core/rotation/rehearsal.ts'
import type { Standing, Wanted } from '#core/rotation/rotation.ts'

type Given = {
  readonly provider: string
  readonly binding: unknown
  readonly intervalSeconds: number | null | undefined
  readonly graceSeconds: number | undefined
  readonly scrub: boolean | undefined
  readonly schedule: Read<typeof rotationSchedule> | undefined
}

const inMs = <T extends null | undefined>(seconds: number | T): number | T =>
  typeof seconds === 'number' ? seconds * 1000 : seconds
const orSeconds = (ms: number | undefined): number | null => (ms === undefined ? null : ms / 1000)

/** The treaty's words into ours. */
export const wantedFrom = ({
  provider,
  binding,
  intervalSeconds,
  graceSeconds,
  scrub = true,
  schedule,
}: Given): Wanted => ({
  provider,
  binding,
  intervalMs: inMs(intervalSeconds),
  graceMs: inMs(graceSeconds),
  scrub,
  schedule: schedule && {
    beforeExpiryMs: inMs(schedule.beforeExpirySeconds) ?? undefined,
    validityMs: inMs(schedule.validitySeconds) ?? undefined,
    cron: schedule.cron ?? undefined,
    jitterMs: inMs(schedule.jitterSeconds) ?? undefined,
    calendar: {
      timeZone: schedule.timeZone,
      windows: schedule.windows ?? [],
      blackouts: schedule.blackouts ?? [],
    },
  },
})

const scheduleOf = ({ beforeExpiryMs, validityMs, cron, jitterMs, calendar }: Schedule): RotationSchedule => ({
  beforeExpirySeconds: orSeconds(beforeExpiryMs),
  validitySeconds: orSeconds(validityMs),
  cron: cron ?? null,
  ...calendar,
  jitterSeconds: orSeconds(jitterMs),
})

const timesOf = ({ provider, intervalMs, schedule, next }: Policy) => ({
  provider,
  intervalSeconds: orSeconds(intervalMs),
  schedule: schedule === undefined ? null : scheduleOf(schedule),
  due: inSecondsOrNull(next),
})

/** Ours into the treaty's. No value, no candidate: names, times and words. */
export const viewOf = (secret: string, { policy, rotation, consumers }: Standing): RotationView => ({
  secret,
  ...timesOf(policy),
  binding: JSON.parse(policy.binding) as unknown,
  graceSeconds: policy.graceMs / 1000,
  scrub: policy.scrub,
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
          published: inSecondsOrNull(rotation.published),
          graceUntil: inSecondsOrNull(rotation.graceUntil),
          lastError: rotation.lastError ?? null,
        },
  consumers: consumers.map(
    ({ instance, application, version, seen }): Consumer => ({ instance, application, version, seen: inSeconds(seen) }),
  ),
})

/** What a list says of a binding: less than it says of itself. */
export const itemOf = ({ name, policy, rotation }: BoundSecret): RotationItem => ({
  secret: name,
  ...timesOf(policy),
  rotation:
    rotation === undefined
      ? null
      : {
          id: rotation.id,
          state: rotation.state,
          entered: inSeconds(rotation.entered),
          lastError: rotation.lastError ?? null,
        },
})

/** What would rotate when, and what would go wrong. */
export const planViewOf = ({ from, until, rotations, conflicts }: Plan): RotationPlan => ({
  from: inSeconds(from),
  until: inSeconds(until),
  rotations: rotations.map(({ at, name, expires }) => ({
    at: inSeconds(at),
    secret: name,
    expires: inSecondsOrNull(expires),
  })),
  conflicts: conflicts.map((conflict) => ({ ...conflict, at: inSecondsOrNull(conflict.at) })),
})

/** What a rehearsal has found so far. */
export const rehearsalViewOf = (secret: string, { id, provider, asked, ended, checks }: Rehearsal): RehearsalView => ({
  ...{ secret, id, provider, checks },
  asked: inSeconds(asked),
  ended: inSecondsOrNull(ended),
})
