import type { Instant } from '#base/clock.ts'
import type { Turn } from '#base/database.ts'
import type { Sql } from '#base/sql.ts'
import type { Event } from '#core/events/event.ts'
import { scheduleAt, unschedule, unscheduleUnder } from '#core/schedule/schedule.ts'
import type { Vault } from '#core/vaults/vault.ts'
import { dropNotices, dropNoticesBefore, keepNotice, type Notice, wasNoticed } from './notice-rows.ts'
import { nameKey, type ObjectKind, type ObjectVersion } from './object.ts'
import type { Expiring } from './object-tables.ts'
import { type Life, subjectOf } from './objects.ts'

/** From when on a version that ends then is near its end. */
export type Nearness = (expires: Instant) => Instant

/** So long before its end a version is near it, as in Key Vault, where nobody has said otherwise. */
const nearByDefault: Nearness = (expires) => expires - 30 * 86_400_000

const expiringMax = 1_000

/** What is in use whose latest version expires until a time, or has; the first to expire first. */
export const expiringObjects = async <V extends ObjectVersion>(
  { kind, tables }: Life<V>,
  sql: Sql,
  until: Instant,
): Promise<(Expiring & { readonly kind: ObjectKind })[]> =>
  (await tables.expiringUntil(sql, until, expiringMax)).map((one) => ({ ...one, kind }))

type Ending = Pick<ObjectVersion, 'version' | 'enabled' | 'expires' | 'managed'>

/**
 * Waits for the end of what has become the latest version of a name. What waited for an earlier version, or for another
 * date, finds nothing to tell when its time comes. The end of what belongs to a certificate is told as the certificate's.
 */
export async function awaitExpiry<V extends ObjectVersion>(
  { ending }: Life<V>,
  turn: Turn,
  subject: string,
  { enabled, expires, managed }: Ending,
  near: Nearness = nearByDefault,
): Promise<void> {
  if (enabled && !managed && expires !== undefined) await scheduleAt(turn, ending, subject, near(expires))
}

/**
 * Tells that the latest version of a name nears its end, or has come to it, each once for a version and a date, the oldest
 * first. Gives when there may be more to tell. A version that is disabled or deleted ends in silence, until it is used again.
 */
export async function tellExpiry<V extends ObjectVersion>(
  { kind, tables }: Life<V>,
  { turn, tell }: { readonly turn: Turn; tell(type: Event['type'], ended: V): void },
  vault: Vault,
  name: string,
  near: Nearness = nearByDefault,
): Promise<Instant | undefined> {
  const latest = (await tables.keptVersion(turn.sql, vault.name, name, undefined))?.object
  if (latest?.expires === undefined || !latest.enabled) return undefined
  const { version, expires } = latest
  const notices = [
    { type: `${kind}-near-expiry`, when: near(expires) },
    { type: `${kind}-expired`, when: expires },
  ] as const
  const of = { kind, vault: vault.name, nameKey: nameKey(name), version }
  for (const { type, when } of notices) {
    if (when > turn.at || !(await keepNotice(turn.sql, { ...of, type, expires }))) continue
    await dropNoticesBefore(turn.sql, of)
    tell(type, latest)
  }
  return notices.find(({ when }) => when > turn.at)?.when
}

type OfKind = { readonly kind: ObjectKind }
/** What was told of a version and its end besides: whether it was, and that it was. */
const noticeOf = (
  { kind }: OfKind,
  vault: Vault,
  { name, version, expires = 0 }: ObjectVersion,
  type: Notice['type'],
) => ({
  ...{ kind, vault: vault.name, nameKey: nameKey(name), version, type, expires },
})

/** Whether it was noted that people were told this of a version’s end. */
export const noticeKept = (
  life: OfKind,
  sql: Sql,
  vault: Vault,
  object: ObjectVersion,
  type: Notice['type'],
): Promise<boolean> => wasNoticed(sql, noticeOf(life, vault, object, type))

/** Notes that people were told this of a version’s end; false if it was noted already. */
export const noteNotice = (
  life: OfKind,
  sql: Sql,
  vault: Vault,
  object: ObjectVersion,
  type: Notice['type'],
): Promise<boolean> => keepNotice(sql, noticeOf(life, vault, object, type))

/** Waits again for the ends of all objects of a vault that was recovered. */
export async function resumeExpiry<V extends ObjectVersion>(
  { tables, ending }: Life<V>,
  turn: Turn,
  vault: Vault,
  nearOf: (name: string) => Promise<Nearness> = async () => nearByDefault,
): Promise<void> {
  for (const { nameKey: name, expires } of await tables.expiringIn(turn.sql, vault.name)) {
    await scheduleAt(turn, ending, subjectOf(vault, name), (await nearOf(name))(expires))
  }
}

/** Forgets a name that is gone for good, or all in a vault. */
export async function forgetExpiry<V extends ObjectVersion>(
  { kind, ending }: Life<V>,
  turn: Turn,
  vault: Vault,
  name?: string,
): Promise<void> {
  await dropNotices(turn.sql, kind, vault.name, name && nameKey(name))
  if (name === undefined) await unscheduleUnder(turn, ending, `${vault.name}/`)
  else await unschedule(turn, ending, subjectOf(vault, name))
}
