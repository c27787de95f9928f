import { randomUUID } from 'node:crypto'
import type { Instant } from '#base/clock.ts'
import type { Turn } from '#base/database.ts'
import { Fault } from '#base/fault.ts'
import { isWithin } from '#base/scope.ts'
import type { Sql } from '#base/sql.ts'
import { directoryKey } from '#core/identity/directory.ts'
import type { Scope, Sight } from '#core/perform.ts'
import { hold, type Lease, scheduleAt, settle, unschedule } from '#core/schedule/schedule.ts'
import type { Keyring } from '#core/sealing/keyring.ts'
import { type Finding, type Recipients, type Rule, usual, usualPauseMs } from './alert.ts'
import {
  addRule,
  allRules,
  dropRule,
  forgetTold,
  type KeptRule,
  keepTold,
  markRule,
  ruleNamed,
  ruleWith,
  toldBy,
} from './alert-rows.ts'

/** The kind under which rules wait to be looked at. */
export const watching = 'alert'

type Wanted = Pick<Rule, 'watch' | 'to'> & { readonly [K in 'threshold' | 'withinMs' | 'pauseMs']: number | undefined }

const placeOf = (id: string): string => `alert/${id}`

/** Makes a rule, or makes it anew: what it had told before is news again. */
export async function putRule(
  { turn, sql, at, keyring }: Scope<'alerts/write'>,
  scope: string,
  name: string,
  { watch, to, threshold, withinMs, pauseMs = usualPauseMs }: Wanted,
): Promise<Rule> {
  const before = await ruleNamed(sql, scope, name)
  if (before !== undefined) await forget(turn, before.id)
  const id = randomUUID()
  const counts = { threshold: threshold ?? usual[watch].threshold, withinMs: withinMs ?? usual[watch].withinMs }
  const sealed = await keyring.seal(sql, directoryKey, JSON.stringify(to), placeOf(id))
  const kept: KeptRule = {
    ...{ id, scope, name, watch, threshold: counts.threshold, within_ms: counts.withinMs, pause_ms: pauseMs },
    ...{ sealed, told: null, trouble: null, created: at },
  }
  await addRule(sql, kept)
  await scheduleAt(turn, watching, id, at)
  return { id, scope, name, watch, ...counts, pauseMs, to, told: undefined, trouble: undefined }
}

/** The rules at and below a resource. */
export async function rulesWithin({ sql, keyring }: Sight<'alerts/read'>, scope: string): Promise<Rule[]> {
  const kept = (await allRules(sql)).filter((rule) => isWithin(scope, rule.scope))
  return Promise.all(kept.map((rule) => opened(sql, keyring, rule)))
}

export async function removeRule({ turn, sql }: Scope<'alerts/write'>, scope: string, name: string): Promise<void> {
  const rule = await ruleNamed(sql, scope, name)
  if (rule === undefined) throw new Fault('not-found', `There is no alert rule ${name} at ${scope}.`)
  await forget(turn, rule.id)
}

async function forget(turn: Turn, id: string): Promise<void> {
  await dropRule(turn.sql, id)
  await unschedule(turn, watching, id)
}

/** A rule that is due, with what it has told already; nothing if it has gone meanwhile. */
export async function dueRule(
  sql: Sql,
  keyring: Keyring,
  id: string,
): Promise<{ rule: Rule; told: ReadonlyMap<string, Instant> } | undefined> {
  const kept = await ruleWith(sql, id)
  return kept && { rule: await opened(sql, keyring, kept), told: await toldBy(sql, id) }
}

/** Keeps what a look at a rule came to, and when it is looked at next. */
export async function keepLook(
  turn: Turn,
  lease: Lease,
  rule: Rule,
  {
    told,
    ended,
    next,
  }: { readonly told: readonly Finding[]; readonly ended: readonly string[]; readonly next: Instant },
): Promise<void> {
  await hold(turn, lease)
  for (const subject of ended) await forgetTold(turn.sql, rule.id, subject)
  for (const { subject } of told) await keepTold(turn.sql, rule.id, subject, turn.at)
  if (told.length > 0 || rule.trouble !== undefined)
    await markRule(turn.sql, rule.id, told.length > 0 ? turn.at : rule.told, undefined)
  await settle(turn, lease, next)
}

/** Keeps that nobody could be told, and why; it is tried again. */
export async function keepTrouble(
  turn: Turn,
  lease: Lease,
  rule: Rule,
  { trouble, next }: { readonly trouble: string; readonly next: Instant },
): Promise<void> {
  await hold(turn, lease)
  await markRule(turn.sql, rule.id, rule.told, trouble)
  await settle(turn, lease, next, lease.attempt + 1)
}

async function opened(sql: Sql, keyring: Keyring, kept: KeptRule): Promise<Rule> {
  const { id, scope, name, watch, threshold, within_ms: withinMs, pause_ms: pauseMs, sealed, told, trouble } = kept
  const to = JSON.parse(await keyring.unseal(sql, directoryKey, sealed, placeOf(id))) as Recipients
  return {
    id,
    scope,
    name,
    watch,
    threshold,
    withinMs,
    pauseMs,
    to,
    told: told ?? undefined,
    trouble: trouble ?? undefined,
  }
}
