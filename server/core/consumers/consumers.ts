import { consumerReportSeconds, consumerSilentSeconds } from '@cardea/contract/cardea/consumers'
import type { Instant } from '#base/clock.ts'
import type { Turn } from '#base/database.ts'
import type { Sql } from '#base/sql.ts'
import type { Caller } from '#core/identity/caller.ts'
import { nameKey } from '#core/objects/object.ts'
import type { Scope } from '#core/perform.ts'
import { hasten } from '#core/schedule/schedule.ts'
import { partsInVersion } from '#core/secrets/derivations.ts'
import { resourceOf, subjectOf } from '#core/secrets/secrets.ts'
import type { Vault } from '#core/vaults/vault.ts'
import {
  dropUse,
  dropUsesIn,
  forgetSilent,
  heardSince,
  keepHeard,
  keepUse,
  type Use,
  usersSince,
  usesOf,
} from './consumer-rows.ts'

export type { Use } from './consumer-rows.ts'

/**
 * Who runs on what. Applications say so themselves, since a version that was fetched isn't yet one that is used; from
 * this a rotation knows when nobody is left on the old credential (promise P5).
 */
export type Report = {
  readonly instance: string
  readonly application: string
  readonly uses: readonly Named[]
  /** There is more than this report says: nothing is forgotten because it isn't named. */
  readonly partial?: boolean | undefined
}
type Named = { readonly secret: string; readonly version: string }

/** What waits for consumers in the due-index: rotations. */
export const rotating = 'rotation'

/**
 * Keeps what an instance says it runs on now; what it no longer names, it no longer uses, unless it says that this is but a
 * part. Gives the names of those secrets that it may not read: nothing is kept of them, and the others are kept all the same.
 */
export async function reportConsumer(
  { sql, at, turn, permit }: Scope<'secrets/get'>,
  vault: Vault,
  caller: Caller,
  { instance, application, uses, partial = false }: Report,
): Promise<string[]> {
  await noteHeard(sql, at)
  const secrets = [...new Set(uses.map(({ secret }) => secret))]
  const unreadable = secrets.filter((secret) => !permit.allows('secrets/get', resourceOf(vault, secret)))
  const before = await usesOf(sql, vault.name, caller.objectId, instance)
  const now = versionsOf(uses.filter(({ secret }) => !unreadable.includes(secret)))
  for (const [secretKey, versions] of now) {
    const known = before.get(secretKey) ?? none
    // Instances come and go under new names: who looks in for the first time has the room tidied.
    if (known.size === 0) await forgetGone(sql, vault, secretKey, at)
    for (const version of versions) {
      await keepUse(sql, vault.name, secretKey, caller.objectId, { instance, application, version, seen: at })
    }
    await hastenAll(turn, vault, secretKey, [...versions.difference(known)])
  }
  const named = versionsOf(uses)
  for (const [secretKey, versions] of partial ? [] : before) {
    const left = [...versions.difference(named.get(secretKey) ?? none)]
    for (const version of left) {
      await dropUse(sql, vault.name, secretKey, caller.objectId, { instance, version })
    }
    await hastenAll(turn, vault, secretKey, left)
  }
  return unreadable
}

/**
 * Where consumers are, reports come more often; when none has come for so long, they had no way to us. A report that was under way
 * when we went away is missed for longer than we were gone, so that even a short absence counts.
 */
const breakMs = 1.25 * consumerReportSeconds * 1000

async function noteHeard(sql: Sql, at: Instant): Promise<void> {
  const known = await heardSince(sql)
  await keepHeard(sql, known === undefined || at - known.last > breakMs ? at : known.since, at)
}

const none: ReadonlySet<string> = new Set()

function versionsOf(uses: readonly Named[]): Map<string, Set<string>> {
  const versions = new Map<string, Set<string>>()
  for (const { secret, version } of uses) {
    const key = nameKey(secret)
    versions.set(key, (versions.get(key) ?? new Set()).add(version.toLowerCase()))
  }
  return versions
}

/** Has the rotation of a secret looked at, and those of all that are in these versions of it, if there are any. */
async function hastenAll(turn: Turn, vault: Vault, secretKey: string, versions: readonly string[]): Promise<void> {
  if (versions.length === 0) return
  const keys = new Set([secretKey])
  for (const version of versions) {
    for (const part of (await partsInVersion(turn.sql, vault, secretKey, version)).keys()) keys.add(part)
  }
  for (const key of keys) await hasten(turn, rotating, subjectOf(vault, key))
}

/** The consumers of a secret that live. */
export const consumersOf = (
  sql: Sql,
  vault: Pick<Vault, 'name'>,
  name: string,
  at: Instant,
  silentMs = consumerSilentSeconds * 1000,
): Promise<Use[]> => usersSince(sql, vault.name, nameKey(name), at - silentMs)

/**
 * The consumers of a secret that may live. While we were away nobody could say anything: whoever has said something within
 * a day is taken to live until everybody has had the time to say it again. While nobody at all is heard, that hasn't begun.
 */
export async function consumersLeft(
  sql: Sql,
  vault: Pick<Vault, 'name'>,
  name: string,
  at: Instant,
  silentMs: number,
): Promise<Use[]> {
  const known = await heardSince(sql)
  const isWhole = known !== undefined && at - known.last <= breakMs && at - known.since >= silentMs
  return consumersOf(sql, vault, name, at, isWhole ? silentMs : forgottenMs)
}

/** Who has been silent for so long is forgotten. */
const forgottenMs = 24 * 60 * 60_000

/** Forgets consumers that have been silent for too long. */
export const forgetGone = (sql: Sql, vault: Pick<Vault, 'name'>, name: string, at: Instant): Promise<void> =>
  forgetSilent(sql, vault.name, nameKey(name), at - forgottenMs)

/** Forgets who ran on what of a vault that is gone for good. */
export const forgetUses = ({ sql }: Turn, { name }: Vault): Promise<void> => dropUsesIn(sql, name)
