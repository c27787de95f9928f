import { operation } from '../operation.ts'
import { nothing, optional, record, text, whole } from '../shape.ts'
import type { RotationState } from './rotations.ts'
import type { RotationSchedule } from './schedule.ts'

/** All that is bound in a vault, as it stands and as it will go (ours). On the vault's host. */
export const listRotations = operation({
  id: 'RotationList',
  method: 'GET',
  path: '/.cardea/rotations',
  since: 'always',
  action: 'rotations/read',
  effect: 'read',
  params: record({}),
  query: record({ maxresults: optional(whole(1, 25)), $skiptoken: optional(text({ maxCharacters: 2048 })) }),
  body: nothing,
  status: 200,
})

/** One line of `RotationList`. Times are seconds since 1970. */
export type RotationItem = {
  readonly secret: string
  readonly provider: string
  readonly intervalSeconds: number | null
  readonly schedule: RotationSchedule | null
  readonly due: number | null
  /** The rotation that is open, else the last one. */
  readonly rotation: null | {
    readonly id: string
    readonly state: RotationState
    readonly entered: number
    readonly lastError: string | null
  }
}

/** Thirteen months see each yearly date once, and what falls on it. */
export const planSecondsDefault = 396 * 86_400

export const planRotations = operation({
  id: 'RotationPlan',
  method: 'GET',
  path: '/.cardea/rotations/plan',
  since: 'always',
  action: 'rotations/read',
  effect: 'read',
  params: record({}),
  query: record({
    seconds: optional(whole(60, 5 * 366 * 86_400)),
    /** More that begin within ten minutes are too many. */
    most: optional(whole(1, 10_000)),
  }),
  body: nothing,
  status: 200,
})

export type ConflictKind = 'never' | 'off' | 'expires-first' | 'shared-target' | 'draws-on' | 'crowded'

/** What `RotationPlan` answers: what the scheduler would do if nothing else happened. Times are seconds since 1970. */
export type RotationPlan = {
  readonly from: number
  /** Sooner than was asked for where there is more than one answer can hold. */
  readonly until: number
  readonly rotations: readonly { readonly at: number; readonly secret: string; readonly expires: number | null }[]
  readonly conflicts: readonly {
    readonly kind: ConflictKind
    /** When it is met first; null: at all times. */
    readonly at: number | null
    readonly times: number
    readonly secrets: readonly string[]
    readonly says: string
  }[]
}
