import { randomUUID } from 'node:crypto'
import type { Instant } from '#base/clock.ts'
import type { Turn } from '#base/database.ts'
import { refusalOf } from '#base/egress.ts'
import { Fault } from '#base/fault.ts'
import { isWithin } from '#base/scope.ts'
import type { Sql } from '#base/sql.ts'
import { directoryKey } from '#core/identity/directory.ts'
import type { Scope, Sight } from '#core/perform.ts'
import { hold, type Lease, scheduleAt, settle, unschedule } from '#core/schedule/schedule.ts'
import type { Keyring } from '#core/sealing/keyring.ts'
import { type Channel, channelsFor, type Finding, type Recipients, type Rule, usual, usualPauseMs } from './alert.ts'
import {
  addRule,
  allRules,
  dropRule,
  forgetTold,
  type KeptRule,
  keepChannel,
  keepTold,
  keptChannels,
  ruleNamed,
  ruleWith,
  toldBy,
} from './alert-rows.ts'

/** The kind under which rules wait to be looked at. */
export const watching = 'alert'

type Wanted = Pick<Rule, 'watch' | 'to'> & { readonly [K in 'threshold' | 'withinMs' | 'pauseMs']: number | undefined }

const placeOf = (id: string): string => `alert/${id}`

/** Whether rules may speak to web hooks in private networks. */
type Reach = { readonly allowPrivate: boolean }

/** Makes a rule, or makes it anew: what it had told before is news again. */
export async function putRule(
  { turn, sql, at, keyring }: Scope<'alerts/write'>,
  reach: Reach,
  scope: string,
  name: string,
  { watch, to, threshold, withinMs, pauseMs = usualPauseMs }: Wanted,
): Promise<Rule> {
  refuseUnreachable(to, reach)
  const before = await ruleNamed(sql, scope, name)
  if (before !== undefined) await forget(turn, before.id)
  const id = randomUUID()
  const counts = { threshold: threshold ?? usual[watch].threshold, withinMs: withinMs ?? usual[watch].withinMs }
  const sealed = await keyring.seal(sql, directoryKey, JSON.stringify(to), placeOf(id))
  const kept: KeptRule = {
    ...{ id, scope, name, watch, threshold: counts.threshold, within_ms: counts.withinMs, pause_ms: pauseMs },
    ...{ sealed, created: at },
  }
  await addRule(sql, kept)
  await scheduleAt(turn, watching, id, at)
  return { id, scope, name, watch, ...counts, pauseMs, to, channels: channelsFor(to) }
}

/** Refuses whom nobody could tell: no one at all, a chat without its web hook, or an address that may not be posted to. */
function refuseUnreachable({ mail, webhook, chat }: Recipients, reach: Reach): void {
  if (mail.length === 0 && webhook === undefined)
    throw new Fault('invalid', 'mail or webhook must say whom to tell.', { where: 'mail' })
  const refusal = webhook === undefined ? undefined : refusalOf(webhook, reach)
  if (refusal !== undefined) throw new Fault('invalid', `webhook must be ${refusal}.`, { where: 'webhook' })
  if (chat === true && webhook === undefined)
    throw new Fault('invalid', 'A chat is told by its web hook: give webhook.', { where: 'chat' })
}

/** The rules at and below a resource. */
export async function rulesWithin({ sql, keyring }: Sight<'alerts/read'>, scope: string): Promise<Rule[]> {
  const kept = (await allRules(sql)).filter((rule) => isWithin(scope, rule.scope))
  return Promise.all(kept.map((rule) => opened(sql, keyring, rule)))
}

/** Takes a rule away, with all that it has told. */
export async function removeRule({ turn, sql }: Scope<'alerts/write'>, scope: string, name: string): Promise<void> {
  const rule = await ruleNamed(sql, scope, name)
  if (rule === undefined) throw new Fault('not-found', `There is no alert rule ${name} at ${scope}.`)
  await forget(turn, rule.id)
}

async function forget(turn: Turn, id: string): Promise<void> {
  await dropRule(turn.sql, id)
  await unschedule(turn, watching, id)
}

/** A rule that is due; nothing if it has gone meanwhile. */
export async function dueRule(sql: Sql, keyring: Keyring, id: string): Promise<Rule | undefined> {
  const kept = await ruleWith(sql, id)
  return kept && opened(sql, keyring, kept)
}

/** What a rule has told by one of its channels already, and when. */
export const toldSoFar = (sql: Sql, { id }: Rule, channel: Channel): Promise<ReadonlyMap<string, Instant>> =>
  toldBy(sql, id, channel)

/** What a look at a rule came to for one of its channels: how far that is now, what it told, and what of it has ended. */
export type Look = {
  readonly channel: Channel
  readonly told: readonly Finding[]
  readonly ended: readonly string[]
}

/** Keeps what a look at a rule came to, and when it is looked at next. */
export async function keepLooks(
  turn: Turn,
  lease: Lease,
  rule: Rule,
  { looks, next }: { readonly looks: readonly Look[]; readonly next: Instant },
): Promise<void> {
  await hold(turn, lease)
  for (const { channel, told, ended } of looks) {
    for (const subject of ended) await forgetTold(turn.sql, rule.id, channel, subject)
    for (const { subject } of told) await keepTold(turn.sql, rule.id, channel, subject, turn.at)
    if (!rule.channels.includes(channel)) await keepChannel(turn.sql, rule.id, channel)
  }
  await settle(turn, lease, next)
}

async function opened(sql: Sql, keyring: Keyring, kept: KeptRule): Promise<Rule> {
  const { id, scope, name, watch, threshold, within_ms: withinMs, pause_ms: pauseMs, sealed } = kept
  const to = JSON.parse(await keyring.unseal(sql, directoryKey, sealed, placeOf(id))) as Recipients
  const known = await keptChannels(sql, id)
  const channels = channelsFor(to).map((fresh) => known.find(({ by }) => by === fresh.by) ?? fresh)
  return { id, scope, name, watch, threshold, withinMs, pauseMs, to, channels }
}
