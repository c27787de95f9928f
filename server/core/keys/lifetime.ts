import type { Instant } from '#base/clock.ts'
import type { Sql } from '#base/sql.ts'
import { awaitExpiry, forgetExpiry, type Nearness, resumeExpiry, tellExpiry } from '#core/objects/expiry.ts'
import { nameKey, type ObjectVersion } from '#core/objects/object.ts'
import { subjectOf } from '#core/objects/objects.ts'
import type { Scope } from '#core/perform.ts'
import { scheduleAt, unschedule, unscheduleUnder } from '#core/schedule/schedule.ts'
import type { Keyring } from '#core/sealing/keyring.ts'
import { keyOfVault, type Vault } from '#core/vaults/vault.ts'
import { life, resourceOf, tellOf } from './holding.ts'
import { keyTables } from './key-rows.ts'
import { nearEnd, type RotationPolicy, rotationDue } from './rotation-policy.ts'
import { dropPolicies, keepSealedPolicy, namesWithPolicy, sealedPolicy } from './rotation-policy-rows.ts'

/** The kind under which a key waits for its next version. */
export const rotatingKeys = 'rotate-key'

type Hands = Pick<Scope<never>, 'turn' | 'keyring'>

/** A policy is sealed to its key, so that it says nothing about another, nor anything that nobody set. */
const placeOf = (vault: Vault, name: string): string => `${resourceOf(vault, nameKey(name))}/rotationpolicy`

/** A key's rotation policy; undefined if it never was given one. */
export async function policyOf(
  { sql, keyring }: { readonly sql: Sql; readonly keyring: Keyring },
  vault: Vault,
  name: string,
): Promise<RotationPolicy | undefined> {
  const sealed = await sealedPolicy(sql, vault.name, name)
  if (sealed === undefined) return undefined
  return JSON.parse(await keyring.unseal(sql, keyOfVault(vault), sealed, placeOf(vault, name))) as RotationPolicy
}

/** Keeps a key’s policy, sealed to its name. */
export async function keepPolicy(
  { turn: { sql }, keyring }: Hands,
  vault: Vault,
  name: string,
  policy: RotationPolicy,
): Promise<void> {
  const sealed = await keyring.seal(sql, keyOfVault(vault), JSON.stringify(policy), placeOf(vault, name))
  await keepSealedPolicy(sql, vault.name, name, sealed)
}

/**
 * Waits for what comes in the life of what is a key's latest version now: its successor, and its end. Whoever was about to
 * make a successor for what was so before is fenced out.
 */
export async function awaitLifetime({ turn, keyring }: Hands, vault: Vault, latest: ObjectVersion): Promise<void> {
  const policy = await policyOf({ sql: turn.sql, keyring }, vault, latest.name)
  const subject = subjectOf(vault, latest.name)
  await awaitExpiry(life, turn, subject, latest, nearnessOf(policy))
  if (policy === undefined) return
  const due = rotationDue(policy, latest)
  if (due === undefined) await unschedule(turn, rotatingKeys, subject)
  else await scheduleAt(turn, rotatingKeys, subject, due)
}

const nearnessOf =
  (policy: RotationPolicy | undefined): Nearness =>
  (expires) =>
    nearEnd(policy, expires)

/** Tells of the end of a key's latest version what is to be told by now, and gives when there may be more. */
export async function tellKeyExpiry(
  { turn, keyring, tell }: Hands & Pick<Scope<never>, 'tell'>,
  vault: Vault,
  name: string,
): Promise<Instant | undefined> {
  const telling = {
    turn,
    tell: (type: Parameters<typeof tellOf>[1], key: ObjectVersion) => tell(tellOf(vault, type, key)),
  }
  return tellExpiry(life, telling, vault, name, nearnessOf(await policyOf({ sql: turn.sql, keyring }, vault, name)))
}

/** No key of a deleted vault gets a version; that one of them ends is told nobody there. */
export const pauseLifetimes = ({ turn }: Pick<Hands, 'turn'>, { name }: Vault): Promise<void> =>
  unscheduleUnder(turn, rotatingKeys, `${name}/`)

/** The same of a key that was deleted. */
export const pauseLifetime = ({ turn }: Pick<Hands, 'turn'>, vault: Vault, name: string): Promise<void> =>
  unschedule(turn, rotatingKeys, subjectOf(vault, name))

/** Waits again for all that comes in a vault that was recovered; what has become due meanwhile comes at once. */
export async function resumeLifetimes(hands: Hands, vault: Vault): Promise<void> {
  const { sql } = hands.turn
  await resumeExpiry(life, hands.turn, vault, async (name) =>
    nearnessOf(await policyOf({ sql, keyring: hands.keyring }, vault, name)),
  )
  for (const name of await namesWithPolicy(sql, vault.name)) {
    const latest = await keyTables.keptVersion(sql, vault.name, name, undefined)
    if (latest !== undefined) await awaitLifetime(hands, vault, latest.object)
  }
}

/** Forgets the policy of a key that is gone for good, and what was awaited; or all that in a vault. */
export async function forgetLifetime({ turn }: Pick<Hands, 'turn'>, vault: Vault, name?: string): Promise<void> {
  await dropPolicies(turn.sql, vault.name, name)
  await forgetExpiry(life, turn, vault, name)
  if (name === undefined) await pauseLifetimes({ turn }, vault)
  else await pauseLifetime({ turn }, vault, name)
}
