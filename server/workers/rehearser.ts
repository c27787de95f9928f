import { rehearse, rehearsing } from '#core/rotation/rehearsal.ts'
import { engineOf, type Rotator } from './rotator.ts'
import type { Work } from './worker.ts'

/** Rehearses what somebody has asked for, under the identity and the grants of the rotation engine. */
export const rehearser = (rotator: Rotator): Work => ({
  name: 'rehearser',
  kind: rehearsing,
  concurrency: 4,
  leaseMs: rotator.times.leaseMs,
  run: async (lease) => rehearse(await engineOf(rotator), lease),
})
