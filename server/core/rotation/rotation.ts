import { randomUUIDv7 } from 'node:crypto'
import { type Action, actions } from '@cardea/contract/actions'
import type { WayOut } from '@cardea/contract/cardea/rotations'
import type { Provider } from '@cardea/contract/rotation/provider'
import { ShapeError } from '@cardea/contract/shape'
import type { Instant } from '#base/clock.ts'
import type { Turn } from '#base/database.ts'
import { Fault } from '#base/fault.ts'
import type { Sql } from '#base/sql.ts'
import type { Permit } from '#core/access/access.ts'
import { consumersOf, rotating, type Use } from '#core/consumers/consumers.ts'
import { nameKey, refuseManaged } from '#core/objects/object.ts'
import type { Scope, Sight } from '#core/perform.ts'
import { scheduleAt, scheduleNow, unschedule } from '#core/schedule/schedule.ts'
import { isDerivedSecret } from '#core/secrets/derivations.ts'
import { isDerived } from '#core/secrets/secret.ts'
import { resourceOf, standingOf, subjectOf } from '#core/secrets/secrets.ts'
import type { Vault } from '#core/vaults/vault.ts'
import { openingFrom } from './calendar.ts'
import { cronAfter, wrongInCron } from './cron.ts'
import {
  type Age,
  givesUpAt,
  graceOf,
  nextBegin,
  type Policy,
  type Rhythm,
  type Schedule,
  spreadOf,
  type Times,
} from './policy.ts'
import {
  addRotation,
  bindingsTo,
  changeRotation,
  keepPolicy,
  lastRotation,
  openRotation,
  policyOf,
  type Reason,
  type Rotation,
  removePolicy,
} from './rotation-rows.ts'

export type Providers = ReadonlyMap<string, Provider>

/** What a caller wants of a binding; what it leaves out is for us to choose. */
export type Wanted = {
  readonly provider: string
  readonly binding: unknown
  /** Null: only on demand. */
  readonly intervalMs: number | null | undefined
  readonly graceMs: number | undefined
  readonly scrub: boolean
  readonly schedule: Schedule | undefined
}

/** How a secret is bound, the rotation that is open or else the last one, and who runs on what. */
export type Standing = {
  readonly policy: Policy
  readonly rotation: Rotation | undefined
  readonly consumers: readonly Use[]
}

/** Two secrets over one place at the far side would take it from each other. */
async function refuseShared(sql: Sql, provider: Provider, binding: unknown, vault: Vault, name: string): Promise<void> {
  const places = new Set(provider.placesOf(binding))
  if (places.size === 0) return
  for (const other of await bindingsTo(sql, provider.name)) {
    if (other.vault === vault.name && other.nameKey === nameKey(name)) continue
    const shared = provider.placesOf(JSON.parse(other.binding)).find((place) => places.has(place))
    if (shared !== undefined) {
      throw new Fault(
        'conflict',
        `Another secret is bound to ${shared} already. Unbind that one, or bind ${name} to another.`,
      )
    }
  }
}

/** Nobody borrows the engine's rights: who binds must hold for themselves what the binding makes the engine do. */
function demand(permit: Permit<'rotations/write'>, action: Action, vault: Vault, name: string, words: string): void {
  const resource = resourceOf(vault, name)
  if (permit.allows(action, resource)) return
  throw new Fault('forbidden', words, { action: actions[action], resource: resource.toLowerCase() })
}

/**
 * Binds a secret to the system that accepts it. The binder needs the right to read each secret that the binding draws
 * on: else it could borrow the engine's. Binding again replaces the policy; a rotation that is open under another
 * binding gives way, and one that is blocked is tried again.
 */
export async function bindRotation(
  { sql, at, turn, permit }: Scope<'rotations/write'>,
  providers: Providers,
  times: Times,
  vault: Vault,
  name: string,
  wanted: Wanted,
): Promise<Standing> {
  const provider = providerNamed(providers, wanted.provider)
  const binding = bindingFor(provider, wanted.binding)
  for (const drawn of provider.secretsOf(binding)) {
    if (nameKey(drawn) === nameKey(name)) {
      throw new Fault('invalid', `The secret ${name} can't be the credential that changes it.`, { where: 'binding' })
    }
    demand(
      permit,
      'secrets/get',
      vault,
      drawn,
      `To bind ${name} you need the right to read ${drawn}, on which it draws.`,
    )
  }
  // A binding says what becomes of the secret's value and where it is tried.
  demand(permit, 'secrets/get', vault, name, `To bind ${name} you need the right to read it.`)
  demand(permit, 'secrets/set', vault, name, `To bind ${name} you need the right to set it.`)
  await refuseShared(sql, provider, binding, vault, name)
  if (await isDerivedSecret(sql, vault, name)) throw isDerived(name)
  const standing = await standingOf(sql, vault, name)
  if (standing?.deleted) {
    throw new Fault('deleted-but-recoverable', `Secret ${name} is deleted. Recover it first.`, { about: name })
  }
  // What belongs to a certificate is renewed with that.
  if (standing !== undefined) refuseManaged('secret', standing.latest, 'rotate')
  const key = nameKey(name)
  const before = await openRotation(sql, vault.name, key)
  const { schedule } = wanted
  const other = schedule?.cron !== undefined || schedule?.beforeExpiryMs !== undefined
  const advised = other ? undefined : provider.intervalMs
  const intervalMs = (wanted.intervalMs === undefined ? advised : wanted.intervalMs) ?? undefined
  const rhythm = { intervalMs, schedule }
  refuseNever(rhythm, name, standing?.latest, at)
  const policy: Policy = {
    provider: provider.name,
    binding: JSON.stringify(binding),
    intervalMs,
    graceMs: graceOf(times, provider.kind, wanted.graceMs, intervalMs),
    scrub: wanted.scrub,
    schedule,
    // Nobody uses the first credential yet, so that it waits for nothing.
    next: standing === undefined ? at : nextBegin(rhythm, standing.latest, at, spreadOf(subjectOf(vault, name))),
  }
  await keepPolicy(sql, vault.name, key, policy)
  if (before !== undefined) await nudge(turn, before, before.state === 'blocked' ? again(before, at, times) : {})
  const moves = schedule?.beforeExpiryMs !== undefined
  await lookAt(turn, vault, name, before === undefined && !moves ? policy.next : at)
  return standingIn(sql, vault, name, at, times)
}

/** A policy under which a rotation never begins by itself, though it reads as if one did, is refused in its own words. */
function refuseNever({ intervalMs, schedule }: Rhythm, name: string, age: Age | undefined, at: Instant): void {
  if (schedule === undefined) return
  const { cron, beforeExpiryMs, validityMs, calendar } = schedule
  const refuse = (where: string, why: string): never => {
    throw new Fault('invalid', why, { where: `schedule.${where}` })
  }
  if ([intervalMs, cron, beforeExpiryMs].filter((one) => one !== undefined).length > 1) {
    refuse(
      cron === undefined ? 'beforeExpirySeconds' : 'cron',
      'A rotation goes by interval, before expiry or by cron: only one of them.',
    )
  }
  if (cron !== undefined) {
    const wrong = wrongInCron(cron, calendar.timeZone)
    if (wrong !== undefined) refuse('cron', `The cron expression can't be read: ${wrong}`)
    if (cronAfter(cron, calendar.timeZone, at) === undefined)
      refuse('cron', 'The cron expression names a time that never comes.')
  }
  if (beforeExpiryMs !== undefined) {
    if (validityMs === undefined && age?.expires === undefined) {
      refuse('validitySeconds', `${name} has no expiry date. Say how long its versions are to live.`)
    }
    if (validityMs !== undefined && validityMs <= beforeExpiryMs) {
      refuse('validitySeconds', 'Versions must live for longer than the rotation begins before their end.')
    }
  }
  if (openingFrom(calendar, at) === undefined) refuse('windows', 'The maintenance windows never open.')
}

/** How a secret is bound and how its rotation goes. */
export const showRotation = (
  { sql, at }: Sight<'rotations/read'>,
  times: Times,
  vault: Vault,
  name: string,
): Promise<Standing> => standingIn(sql, vault, name, at, times)

/** How a secret is bound, for those who see to many at once: what its binding draws on, and its rotation. */
export async function boundAs(
  sql: Sql,
  providers: Providers,
  vault: Pick<Vault, 'name'>,
  name: string,
): Promise<{ readonly draws: readonly string[]; readonly rotation: Rotation | undefined } | undefined> {
  const policy = await policyOf(sql, vault.name, nameKey(name))
  if (policy === undefined) return undefined
  const draws = providers.get(policy.provider)?.secretsOf(JSON.parse(policy.binding)) ?? []
  return { draws: draws.map(nameKey), rotation: await lastRotation(sql, vault.name, nameKey(name)) }
}

/** What a rotation makes can't be made of others as well. */
export async function refuseBound(sql: Sql, vault: Vault, name: string): Promise<void> {
  if ((await policyOf(sql, vault.name, nameKey(name))) === undefined) return
  throw new Fault('conflict', `Secret ${name} is bound to a provider, so it can't be made of others. Unbind it first.`)
}

/** Unbinds a secret. A rotation that is open comes to an end: to its good end if its version is published already. */
export async function unbindRotation(
  { sql, at, turn }: Scope<'rotations/write'>,
  vault: Vault,
  name: string,
): Promise<void> {
  if (!(await removePolicy(sql, vault.name, nameKey(name)))) throw unbound(name)
  const open = await openRotation(sql, vault.name, nameKey(name))
  if (open === undefined) return unschedule(turn, rotating, subjectOf(vault, name))
  await nudge(turn, open, {})
  await lookAt(turn, vault, name, at)
}

/**
 * Rotates a secret now. A rotation that is open already is the answer; one that waits is tried again at once. In an
 * emergency nobody is waited for, in the one that is open neither.
 */
export async function rotateNow(
  { sql, at, turn }: Scope<'rotations/run'>,
  times: Times,
  vault: Vault,
  name: string,
  reason: 'on-demand' | 'emergency' = 'on-demand',
): Promise<Standing> {
  const policy = await policyOf(sql, vault.name, nameKey(name))
  if (policy === undefined) throw unbound(name)
  const open = await openRotation(sql, vault.name, nameKey(name))
  if (open?.state === 'blocked') {
    throw new Fault(
      'conflict',
      `The rotation of ${name} is blocked: ${open.lastError ?? 'nothing that is known works any more'} Settle it: retry, accept what stands at the target, or abandon it. Or set the secret to a value that works.`,
    )
  }
  if (open === undefined) {
    const standing = await standingOf(sql, vault, name)
    if (standing?.deleted) {
      throw new Fault('deleted-but-recoverable', `Secret ${name} is deleted. Recover it first.`, { about: name })
    }
    if (standing?.latest.enabled === false) {
      throw new Fault('conflict', `Secret ${name} is disabled. Enable its latest version first.`)
    }
    await addRotation(sql, planned(vault, name, policy, reason, at, times))
  } else if (reason === 'emergency') {
    // Nobody goes back to what has leaked.
    const stays = open.state === 'returning' ? ({ state: 'grace', entered: at } as const) : {}
    await nudge(turn, open, { reason, scrub: true, ...stays, ...(open.graceUntil !== undefined && { graceUntil: at }) })
  } else await nudge(turn, open, {})
  await lookAt(turn, vault, name, at)
  return standingIn(sql, vault, name, at, times)
}

/**
 * Has the value before become current again, while the old credential is sure to live: after the publication and before
 * anything is taken away. The engine asks the target first whether it still works. Asked twice, it is done once.
 */
export async function rotateBack(
  { sql, at, turn }: Scope<'rotations/run'>,
  providers: Providers,
  times: Times,
  vault: Vault,
  name: string,
): Promise<Standing> {
  if ((await policyOf(sql, vault.name, nameKey(name))) === undefined) throw unbound(name)
  const open = await openRotation(sql, vault.name, nameKey(name))
  if (open?.state !== 'returning') {
    const why = whyNotBack(open, open && providers.get(open.provider), await standingOf(sql, vault, name))
    if (open === undefined || why !== undefined) {
      throw new Fault('conflict', `${name} can't go back: ${why ?? whyNotBack(undefined, undefined, undefined)}`)
    }
    // What was gone back from is taken away, whatever the policy says of what was merely replaced.
    const change = { state: 'returning', entered: at, attempt: 0, scrub: true, lastError: undefined } as const
    await nudge(turn, open, change)
  }
  await lookAt(turn, vault, name, at)
  return standingIn(sql, vault, name, at, times)
}

/** Why the value before can't become current again; undefined when it can, as far as can be told without the target. */
function whyNotBack(
  open: Rotation | undefined,
  provider: Provider | undefined,
  standing: Awaited<ReturnType<typeof standingOf>>,
): string | undefined {
  if (open === undefined)
    return 'no rotation is open, so its old credential is not sure to live. Set it by hand, or rotate it again.'
  if (open.reason === 'emergency') return 'the old value is said to have leaked.'
  if (['planned', 'applying', 'verified', 'blocked'].includes(open.state)) {
    return 'nothing new is published yet; what was published still stands.'
  }
  if (open.state === 'compensating') return 'the new credential is being taken back already.'
  if (open.state !== 'grace') return 'the old credential is being taken away already.'
  if (provider?.kind === 'single')
    return 'its target has but one credential at a time, so the old one is gone. Rotate it again.'
  if (open.baseVersion === undefined || open.previous === undefined) return 'there was no value before.'
  if (standing?.latest.version !== open.newVersion) return 'somebody has set another version meanwhile; theirs stands.'
  if (standing?.deleted) return 'it is deleted. Recover it first.'
  return standing?.latest.enabled === false ? 'it is disabled. Enable its latest version first.' : undefined
}

/** Lets an operator lead a rotation out of `blocked`. */
export async function settleRotation(
  { sql, at, turn }: Scope<'rotations/run'>,
  times: Times,
  vault: Vault,
  name: string,
  way: WayOut,
): Promise<Standing> {
  const open = await openRotation(sql, vault.name, nameKey(name))
  if (open?.state !== 'blocked') {
    throw new Fault('conflict', `The rotation of ${name} is not blocked, so there is nothing to settle.`)
  }
  await nudge(turn, open, way === 'retry' ? again(open, at, times) : given(way, at))
  await lookAt(turn, vault, name, at)
  return standingIn(sql, vault, name, at, times)
}

/** A rotation that was blocked goes on as if it had just begun to send. */
const again = (open: Rotation, at: Instant, times: Times): Partial<Rotation> => ({
  state: 'applying',
  entered: at,
  attempt: 0,
  givesUp: Math.max(open.givesUp, givesUpAt(times, at, undefined)),
})

const given = (way: 'accept' | 'abandon', at: Instant): Partial<Rotation> => ({
  state: 'compensating',
  entered: at,
  attempt: 0,
  accepted: way === 'accept',
  lastError:
    way === 'accept' ? 'An operator took it as done: the target is right as it is.' : 'An operator gave it up.',
})

/** A rotation at its beginning: nothing is thought of yet, and nobody has heard of it. */
export const planned = (
  vault: Vault,
  name: string,
  policy: Policy,
  reason: Reason,
  at: Instant,
  times: Times,
): Rotation => ({
  id: randomUUIDv7(),
  vault: vault.name,
  nameKey: nameKey(name),
  provider: policy.provider,
  binding: policy.binding,
  // A credential that has leaked is taken away, whatever the policy says of those that haven't.
  scrub: policy.scrub || reason === 'emergency',
  baseVersion: undefined,
  returnedVersion: undefined,
  state: 'planned',
  reason,
  attempt: 0,
  started: at,
  entered: at,
  next: at,
  givesUp: givesUpAt(times, at, undefined),
  candidate: undefined,
  previous: undefined,
  slot: undefined,
  oldSlot: undefined,
  newVersion: undefined,
  published: undefined,
  graceUntil: undefined,
  quietUntil: undefined,
  lastError: undefined,
  prepared: false,
  accepted: false,
})

/** The provider of this name; a fault that lists those that are here if there is none. */
export function providerNamed(providers: Providers, name: string): Provider {
  const provider = providers.get(name)
  if (provider === undefined) {
    throw new Fault('invalid', `There is no provider ${name}. There are ${[...providers.keys()].join(', ')}.`, {
      where: 'provider',
    })
  }
  return provider
}

const bindingCharactersMax = 16 * 1024

function bindingFor(provider: Provider, given: unknown): unknown {
  try {
    const binding = provider.binding.read(given ?? {}, 'binding')
    if (JSON.stringify(binding).length > bindingCharactersMax) {
      throw new ShapeError('binding', `at most ${bindingCharactersMax} characters of JSON`)
    }
    return binding
  } catch (error) {
    if (error instanceof ShapeError) throw new Fault('invalid', `${error.message}.`, { where: error.where })
    throw error
  }
}

async function standingIn(sql: Sql, vault: Vault, name: string, at: Instant, times: Times): Promise<Standing> {
  const policy = await policyOf(sql, vault.name, nameKey(name))
  if (policy === undefined) throw unbound(name)
  return {
    policy,
    rotation: await lastRotation(sql, vault.name, nameKey(name)),
    consumers: await consumersOf(sql, vault, name, at, times.silentMs),
  }
}

const unbound = (name: string): Fault =>
  new Fault('not-found', `The secret ${name} is not bound to a provider.`, { kind: 'route' })

/** Has an open rotation looked at now, whatever it waits for. */
async function nudge({ sql, at }: Turn, rotation: Rotation, change: Partial<Rotation>): Promise<void> {
  await changeRotation(sql, rotation, { ...change, next: at })
}

/** Has the secret looked at, without taking it from whoever works on it. */
async function lookAt(turn: Turn, vault: Vault, name: string, at: Instant | undefined): Promise<void> {
  const subject = subjectOf(vault, name)
  if (at === undefined) return unschedule(turn, rotating, subject)
  return at <= turn.at ? scheduleNow(turn, rotating, subject) : scheduleAt(turn, rotating, subject, at)
}
