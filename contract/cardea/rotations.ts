import { operation } from '../operation.ts'
import { anything, flag, nothing, nullable, oneOf, optional, record, text, whole } from '../shape.ts'
import { secretName } from '../vault/secrets.ts'
import type { Consumer } from './consumers.ts'
import { type RotationSchedule, rotationSchedule } from './schedule.ts'

/** How a secret is bound to the system that accepts it, and rotated there (ours). On the vault's host. */
const named = record({ name: secretName })
const none = record({})
const policy = {
  provider: text({ maxCharacters: 64 }),
  /** The provider's own words; it says what they must be. */
  binding: anything,
  /** From one rotation to the next; null: only on demand; absent: as the provider advises. */
  intervalSeconds: nullable(whole(10, 5 * 366 * 86_400)),
  /**
   * How long the old credential may outlive the new one when consumers lag, or where none report what they run on.
   * Default: one interval, at most a day; none for a provider that has but one credential.
   */
  graceSeconds: optional(whole(0, 366 * 86_400)),
  /** Whether the old slot is overwritten at the end, so that the old credential stops working. Default true. */
  scrub: optional(flag),
  /** When it may begin, beside the interval; cron and expiry stand instead of one. Absent: at any time. */
  schedule: optional(rotationSchedule),
}

export const bindRotation = operation({
  id: 'RotationBind',
  method: 'PUT',
  path: '/.cardea/secrets/:name/rotation',
  since: 'always',
  action: 'rotations/write',
  effect: 'write',
  params: named,
  query: none,
  body: record(policy),
  status: 200,
})

export const showRotation = operation({
  id: 'RotationShow',
  method: 'GET',
  path: '/.cardea/secrets/:name/rotation',
  since: 'always',
  action: 'rotations/read',
  effect: 'read',
  params: named,
  query: none,
  body: nothing,
  status: 200,
})

export const unbindRotation = operation({
  id: 'RotationUnbind',
  method: 'DELETE',
  path: '/.cardea/secrets/:name/rotation',
  since: 'always',
  action: 'rotations/write',
  effect: 'write',
  params: named,
  query: none,
  body: nothing,
  status: 204,
})

export const rotateNow = operation({
  id: 'RotationRun',
  method: 'POST',
  path: '/.cardea/secrets/:name/rotate',
  since: 'always',
  action: 'rotations/run',
  effect: 'write',
  params: named,
  query: none,
  body: nothing,
  status: 202,
})

/**
 * Rotates a secret whose value has leaked: nobody is waited for, the old credential ends with all that it has opened.
 * A rotation that is open already makes haste.
 */
export const rotateInEmergency = operation({
  id: 'RotationRunInEmergency',
  method: 'POST',
  path: '/.cardea/secrets/:name/rotate/emergency',
  since: 'always',
  action: 'rotations/run',
  effect: 'write',
  params: named,
  query: none,
  body: nothing,
  status: 202,
})

/**
 * Goes back: the value before becomes current again, once it is proven to work still, and the new credential is taken
 * away. Possible while the old credential is sure to live: after the publication, until it is taken away.
 */
export const rotateBack = operation({
  id: 'RotationBack',
  method: 'POST',
  path: '/.cardea/secrets/:name/rotate/back',
  since: 'always',
  action: 'rotations/run',
  effect: 'write',
  params: named,
  query: none,
  body: nothing,
  status: 202,
})

/**
 * The operator's ways out of `blocked`: try again with the same candidate; leave the target as it is, since somebody has
 * put it right by hand; or give the rotation up and put back what is published.
 */
export const waysOut = ['retry', 'accept', 'abandon'] as const
export type WayOut = (typeof waysOut)[number]

export const settleRotation = operation({
  id: 'RotationSettle',
  method: 'POST',
  path: '/.cardea/secrets/:name/rotation/settle',
  since: 'always',
  action: 'rotations/run',
  effect: 'write',
  params: named,
  query: none,
  body: record({ way: oneOf(...waysOut) }),
  status: 202,
})

/** The states of the rotation state machine; the last two are terminal. */
export const rotationStates = [
  'planned',
  'applying',
  'verified',
  'grace',
  'returning',
  'retiring',
  'compensating',
  'blocked',
  'done',
  'aborted',
] as const
export type RotationState = (typeof rotationStates)[number]

/** What `RotationShow` and `RotationRun` answer. Times are seconds since 1970. */
export type RotationView = {
  secret: string
  provider: string
  binding: unknown
  intervalSeconds: number | null
  graceSeconds: number
  scrub: boolean
  /** Null: the interval says it all. */
  schedule: RotationSchedule | null
  /** When the next rotation begins by itself. */
  due: number | null
  /** The rotation that is open, else the last one. */
  rotation: null | {
    id: string
    state: RotationState
    reason: 'scheduled' | 'on-demand' | 'emergency'
    attempt: number
    started: number
    entered: number
    version: string | null
    published: number | null
    graceUntil: number | null
    lastError: string | null
  }
  consumers: Consumer[]
}
