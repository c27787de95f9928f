import type { Log } from '#base/log.ts'
import { responding } from '#core/incidents/incidents.ts'
import { respond } from '#core/incidents/response.ts'
import type { Base } from '#core/perform.ts'
import type { Times } from '#core/rotation/policy.ts'
import type { Providers } from '#core/rotation/rotation.ts'
import { leaseMs } from '#core/schedule/schedule.ts'
import { engineCaller } from './rotator.ts'
import type { Work } from './worker.ts'

type Responder = {
  readonly base: Base
  readonly providers: Providers
  readonly times: Times
  readonly log: Log
}

/** Works on incidents until all that may be known is rotated, or somebody has to see to it. */
export const responder = (parts: Responder): Work => ({
  name: 'responder',
  kind: responding,
  concurrency: 2,
  leaseMs,
  async run(lease) {
    await respond({ ...parts, engine: await engineCaller(parts.base) }, lease)
  },
})
