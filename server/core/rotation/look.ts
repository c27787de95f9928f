import type { Kind } from '@cardea/contract/rotation/provider'
import type { Instant } from '#base/clock.ts'
import type { Turn } from '#base/database.ts'
import type { Sql } from '#base/sql.ts'
import { consumersLeft } from '#core/consumers/consumers.ts'
import { hold, type Lease, settle } from '#core/schedule/schedule.ts'
import type { SecretVersion } from '#core/secrets/secret.ts'
import { standingOf } from '#core/secrets/secrets.ts'
import type { Vault } from '#core/vaults/vault.ts'
import { nextStep, type Situation, type Withdrawn } from './machine.ts'
import { type Policy, spreadOf, standingNext } from './policy.ts'
import { planned } from './rotation.ts'
import {
  addRotation,
  hasMetVersion,
  keepNext,
  lastRotation,
  openRotation,
  policyOf,
  type Rotation,
  removePolicy,
} from './rotation-rows.ts'

import { clockFrom, type Engine, type Seen } from './steps.ts'

/** Reads the rows and decides. Waiting is settled in the same turn, so that no wake-up falls between the two. */
export function look(engine: Engine, lease: Lease): Promise<Seen | 'again' | 'settled'> {
  const { base, vaults, providers, times, log, monotonic } = engine
  const [vaultName, key] = lease.subject.split('/') as [string, string]
  const granted = monotonic()
  return base.database.write(async (turn) => {
    await hold(turn, lease, times.leaseMs)
    const { sql, at } = turn
    const now = clockFrom(at, monotonic)
    const until = (time: Instant | undefined) => settle(turn, lease, time).then(() => 'settled' as const)
    const vault = await vaults.vault(vaultName)
    const policy = await policyOf(sql, vaultName, key)
    const rotation = await openRotation(sql, vaultName, key)
    if (vault === undefined) return until(undefined)
    const standing = await standingOf(sql, vault, key)
    if (rotation === undefined) return begin({ engine, turn, vault, key, policy, standing, until })

    const provider = providers.get(rotation.provider)
    if (provider === undefined) {
      log.error({ secret: lease.subject, provider: rotation.provider }, 'a rotation names a provider that is not here')
      return until(at + times.lookAgainMs)
    }
    const latest = standing?.latest
    const live = latest !== undefined && !standing?.deleted && latest.enabled
    const quiet = rotation.quietUntil === undefined || at >= rotation.quietUntil
    const users = rotation.state === 'grace' ? await consumersLeft(sql, vault, key, at, times.silentMs) : []
    const isFollowed = users.some(({ seen }) => seen > at - times.silentMs)
    const laggards = users.filter(({ version }) => version !== rotation.newVersion && version !== latest?.version)
    const deadline = at >= (rotation.graceUntil ?? at)
    // Also while it is disabled: whoever enables it again shall find that it works.
    const displaced =
      latest !== undefined && !standing?.deleted && latest.version !== (rotation.newVersion ?? rotation.baseVersion)
    const situation: Situation = {
      kind: provider.kind,
      mints: provider.mint !== undefined,
      state: rotation.state,
      prepared: rotation.prepared,
      known: rotation.candidate !== undefined,
      sent: rotation.quietUntil !== undefined,
      withdrawn: withdrawn(rotation, policy, standing, at),
      quiet,
      // Nobody reports: then nobody is known to have switched, and only time can tell.
      graceOver: deadline || (isFollowed && laggards.length === 0),
      retires: rotation.scrub && retires(provider.kind, rotation, displaced),
      displaced,
      accepted: rotation.accepted,
      givenUp: at >= rotation.entered + times.giveUpMs,
    }
    const step = nextStep(situation)
    if (step === 'wait') {
      const look = Math.min(rotation.graceUntil ?? at, laggards.length > 0 ? at + times.silentMs : Infinity)
      const waits = rotation.state === 'blocked' ? at + times.lookAgainMs : situation.graceOver ? at : look
      return until(Math.max(waits, quiet ? 0 : (rotation.quietUntil ?? 0), at + 1))
    }
    if (typeof step === 'string' && rotation.next > at) return until(rotation.next)
    return { vault, provider, rotation, latest, live, quiet, step, laggards: deadline ? laggards : [], granted, now }
  })
}

/** Whether there is an old credential of ours to be taken away; of the only one at a target, what it has opened after a leak. */
function retires(kind: Kind, { oldSlot, previous, reason }: Rotation, displaced: boolean): boolean {
  if (kind === 'slots') return oldSlot !== undefined
  if (kind === 'single') return previous !== undefined && reason === 'emergency'
  return previous !== undefined || displaced
}

type Beginning = {
  readonly engine: Engine
  readonly turn: Turn
  readonly vault: Vault
  readonly key: string
  readonly policy: Policy | undefined
  readonly standing: { readonly latest: SecretVersion; readonly deleted: boolean } | undefined
  until(time: Instant | undefined): Promise<'settled'>
}

/** Plans a rotation if one is due. */
async function begin({ engine, turn, vault, key, policy, standing, until }: Beginning): Promise<'again' | 'settled'> {
  const { times, log } = engine
  const { sql, at } = turn
  if (policy === undefined) return until(undefined)
  if (standing === undefined && (await hasMetVersion(sql, vault.name, key))) {
    // The secret was purged. Whoever makes a new one of this name may not want it rotated.
    await removePolicy(sql, vault.name, key)
    log.info({ secret: `${vault.name}/${key}` }, 'a bound secret is gone, and its binding with it')
    return until(undefined)
  }
  const failed = standing !== undefined && (await retries(sql, vault, key, standing.latest))
  const next = standingNext(policy, standing?.latest, failed, at, spreadOf(`${vault.name}/${key}`))
  if (next !== policy.next) await keepNext(sql, vault.name, key, next)
  if (next === undefined || next > at) {
    // Somebody may give the version another expiry at any time.
    return until(
      policy.schedule?.beforeExpiryMs === undefined ? next : Math.min(next ?? Infinity, at + times.lookAgainMs),
    )
  }
  if (standing?.deleted || standing?.latest.enabled === false) return until(at + times.lookAgainMs)
  await addRotation(sql, planned(vault, key, policy, 'scheduled', at, times))
  return 'again'
}

/** Whether a rotation has failed with this very version, so that when to try again is decided already. */
export const retries = async (sql: Sql, vault: Vault, key: string, latest: SecretVersion): Promise<boolean> => {
  const last = await lastRotation(sql, vault.name, key)
  return last?.state === 'aborted' && last.baseVersion === latest.version
}

/** Why an open rotation should not go on, if it shouldn't. */
export function withdrawn(
  rotation: Rotation,
  policy: Policy | undefined,
  standing: { readonly latest: SecretVersion; readonly deleted: boolean } | undefined,
  at: Instant,
): Withdrawn | undefined {
  if (policy?.provider !== rotation.provider || policy.binding !== rotation.binding) return 'unbound'
  if (rotation.prepared && standing?.latest.version !== rotation.baseVersion) return 'superseded'
  if (standing?.deleted || standing?.latest.enabled === false) return 'disabled'
  return at >= rotation.givesUp && rotation.state !== 'blocked' ? 'given-up' : undefined
}

/** Why a rotation was withdrawn, in the operator's words. */
export const whyWithdrawn: Record<Withdrawn, string> = {
  superseded: 'Somebody set another version of the secret meanwhile; theirs stands.',
  unbound: 'The binding was changed or removed meanwhile.',
  disabled: 'The secret was disabled or deleted meanwhile.',
  'given-up': 'Given up after too long in vain.',
}
