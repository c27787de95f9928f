import type { Log } from '#base/log.ts'
import { rotating } from '#core/consumers/consumers.ts'
import { principalByApp } from '#core/identity/directory.ts'
import { rotationAppId } from '#core/identity/principal.ts'
import type { Base } from '#core/perform.ts'
import { advance } from '#core/rotation/engine.ts'
import type { Times } from '#core/rotation/policy.ts'
import type { Providers } from '#core/rotation/rotation.ts'
import type { Engine, OnStep } from '#core/rotation/steps.ts'
import type { VaultBook } from '#core/vaults/vaults.ts'
import type { Work } from './worker.ts'

/** Rotates what is due, under the identity and the grants of the rotation engine. */
export type Rotator = {
  readonly base: Base
  readonly vaults: VaultBook
  readonly providers: Providers
  readonly times: Times
  readonly log: Log
  readonly random?: () => number
  readonly monotonic?: () => number
  readonly onStep?: OnStep | undefined
  readonly concurrency?: number | undefined
}

/** So many rotations at once: they mostly wait for the systems that they change. */
const rotationsMax = 16

/** The rotation engine as its own principal. */
export async function engineOf({
  random = Math.random,
  monotonic = () => performance.now(),
  onStep,
  concurrency: _,
  ...parts
}: Rotator): Promise<Engine> {
  return { ...parts, caller: await engineCaller(parts.base), random, monotonic, onStep }
}

/** As whom the rotation engine acts. */
export async function engineCaller({ database, keyring }: Base): Promise<Engine['caller']> {
  const principal = await principalByApp(database.read, keyring, rotationAppId)
  if (principal === undefined) throw new Error('The principal of the rotation engine is missing')
  return { objectId: principal.objectId, appId: principal.appId }
}

/** Works on the rotations of secrets that are due. */
export function rotator(parts: Rotator): Work {
  let engine: Engine | undefined
  return {
    name: 'rotator',
    kind: rotating,
    concurrency: parts.concurrency ?? rotationsMax,
    leaseMs: parts.times.leaseMs,
    async run(lease, closing) {
      // Looked up once: a principal keeps its id for good.
      engine ??= await engineOf(parts)
      return advance(engine, lease, closing)
    },
  }
}
