import { actions } from '@cardea/contract/actions'
import { consumerSilentSeconds } from '@cardea/contract/cardea/consumers'
import type { Instant } from '#base/clock.ts'
import type { Turn } from '#base/database.ts'
import { Fault } from '#base/fault.ts'
import type { Sql } from '#base/sql.ts'
import type { Caller } from '#core/identity/caller.ts'
import { nameKey } from '#core/objects/object.ts'
import type { Scope } from '#core/perform.ts'
import { hasten } from '#core/schedule/schedule.ts'
import { partsInVersion } from '#core/secrets/derivations.ts'
import { resourceOf, subjectOf } from '#core/secrets/secrets.ts'
import type { Vault } from '#core/vaults/vault.ts'
import { dropUse, dropUsesIn, forgetSilent, keepUse, type Use, usersSince, usesOf } from './consumer-rows.ts'

export type { Use } from './consumer-rows.ts'

/**
 * Who runs on what. Applications say so themselves, since a version that was fetched isn't yet one that is used; from
 * this a rotation knows when nobody is left on the old credential (promise P5).
 */
export type Report = {
  readonly instance: string
  readonly application: string
  readonly uses: readonly { readonly secret: string; readonly version: string }[]
}

/** What waits for consumers in the due-index: rotations. */
export const rotating = 'rotation'

/** Keeps what an instance says it runs on now; what it no longer names, it no longer uses. */
export async function reportConsumer(
  { sql, at, turn, permit }: Scope<'secrets/get'>,
  vault: Vault,
  caller: Caller,
  { instance, application, uses }: Report,
): Promise<void> {
  for (const { secret } of uses) {
    const resource = resourceOf(vault, secret)
    if (!permit.allows('secrets/get', resource)) {
      throw new Fault('forbidden', 'Caller is not authorized to perform action on resource.', {
        appId: caller.appId,
        objectId: caller.objectId,
        action: actions['secrets/get'],
        resource: resource.toLowerCase(),
      })
    }
  }
  const before = await usesOf(sql, vault.name, caller.objectId, instance)
  const now = new Map(uses.map(({ secret, version }) => [nameKey(secret), version.toLowerCase()]))
  for (const [secretKey, version] of now) {
    await keepUse(sql, vault.name, secretKey, caller.objectId, { instance, application, version, seen: at })
    if (before.get(secretKey) !== version) await hastenAll(turn, vault, secretKey, [version, before.get(secretKey)])
  }
  for (const [secretKey, version] of before) {
    if (now.has(secretKey)) continue
    await dropUse(sql, vault.name, secretKey, caller.objectId, instance)
    await hastenAll(turn, vault, secretKey, [version])
  }
}

/** Has the rotation of a secret looked at, and those of all that are in these versions of it. */
async function hastenAll(
  turn: Turn,
  vault: Vault,
  secretKey: string,
  versions: readonly (string | undefined)[],
): Promise<void> {
  const keys = new Set([secretKey])
  for (const version of versions) {
    if (version === undefined) continue
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

/** Forgets consumers that have been silent for a day. */
export const forgetGone = (sql: Sql, vault: Pick<Vault, 'name'>, name: string, at: Instant): Promise<void> =>
  forgetSilent(sql, vault.name, nameKey(name), at - 86_400_000)

/** Forgets who ran on what of a vault that is gone for good. */
export const forgetUses = ({ sql }: Turn, { name }: Vault): Promise<void> => dropUsesIn(sql, name)
