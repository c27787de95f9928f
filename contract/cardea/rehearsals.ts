import { operation } from '../operation.ts'
import { nothing, record } from '../shape.ts'
import { secretName } from '../vault/secrets.ts'

/**
 * A rehearsal does at the real target what a rotation would, with a throw-away twin, and leaves nothing behind (ours). On
 * the vault's host.
 */
const named = record({ name: secretName })
const none = record({})

/** Begins one; one that isn't over yet is the answer. */
export const rehearseRotation = operation({
  id: 'RotationRehearse',
  method: 'POST',
  path: '/.cardea/secrets/:name/rotation/rehearse',
  since: 'always',
  action: 'rotations/run',
  effect: 'write',
  params: named,
  query: none,
  body: nothing,
  status: 202,
})

export const showRehearsal = operation({
  id: 'RotationRehearsalShow',
  method: 'GET',
  path: '/.cardea/secrets/:name/rotation/rehearsal',
  since: 'always',
  action: 'rotations/read',
  effect: 'read',
  params: named,
  query: none,
  body: nothing,
  status: 200,
})

/** What was tried, and if it went wrong: how, and what an administrator can do. */
export type Check = {
  readonly what: string
  readonly wrong: string | null
  readonly remedy: string | null
}

/** What both answer. Times are seconds since 1970. */
export type RehearsalView = {
  readonly secret: string
  readonly id: string
  readonly provider: string
  readonly asked: number
  /** Null: it isn't over. */
  readonly ended: number | null
  readonly checks: readonly Check[]
}
