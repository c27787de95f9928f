import type { Watched } from '@cardea/contract/cardea/alerts'
import type { Instant } from '#base/clock.ts'

/** What is watched where, how it counts, and who is told. */
export type Rule = {
  readonly id: string
  readonly scope: string
  readonly name: string
  readonly watch: Watched
  readonly threshold: number
  readonly withinMs: number
  readonly pauseMs: number
  readonly to: Recipients
  /** How far it has come with each way of telling those. */
  readonly channels: readonly Channel[]
}
export type Recipients = {
  readonly mail: readonly string[]
  readonly webhook: string | undefined
  /** The web hook is a chat's, which takes words alone. */
  readonly chat?: boolean | undefined
}

/** A way by which a rule tells people, and how far it has come: each for itself, so that one that fails holds up no other. */
export type Channel = {
  readonly by: 'mail' | 'webhook'
  /** When it told something last. */
  readonly told: Instant | undefined
  /** What has kept it from telling since, if anything did. */
  readonly trouble: string | undefined
  /** How often it has failed since, and until when it is left alone. */
  readonly attempt: number
  readonly again: Instant
}

/** What a rule needs to tell those whom it names, before it has told anything. */
export const channelsFor = ({ mail, webhook }: Recipients): Channel[] => {
  const fresh = { told: undefined, trouble: undefined, attempt: 0, again: 0 }
  return [
    ...(mail.length > 0 ? [{ by: 'mail' as const, ...fresh }] : []),
    ...(webhook !== undefined ? [{ by: 'webhook' as const, ...fresh }] : []),
  ]
}

/** When a rule has told anybody something last. */
export const lastTold = ({ channels }: Pick<Rule, 'channels'>): Instant | undefined => {
  const times = channels.flatMap(({ told }) => told ?? [])
  return times.length === 0 ? undefined : Math.max(...times)
}

/** What no mail goes without. */
export const noMailServer = 'CARDEA_SMTP_URL is not set'

/** What keeps a rule from telling somebody, or will, if anything does; of several channels it says which. */
export const troubleOf = (
  { channels }: Pick<Rule, 'channels'>,
  { sendsMail }: { readonly sendsMail: boolean },
): string | undefined => {
  const troubles = channels.flatMap(({ by, trouble = by === 'mail' && !sendsMail ? noMailServer : undefined }) =>
    trouble === undefined ? [] : [channels.length === 1 ? trouble : `${by}: ${trouble}`],
  )
  return troubles.length === 0 ? undefined : troubles.join('; ')
}

/** Something that a rule has found: what it is about, by which it is known again, and what it says. Never a value. */
export type Finding = {
  readonly subject: string
  readonly says: string
  /** Told once, however long it lasts. */
  readonly once?: true
}

const minute = 60_000
const day = 24 * 60 * minute
/** How each thing is watched where nothing else is said. */
export const usual: Record<Watched, { readonly threshold: number; readonly withinMs: number }> = {
  denied: { threshold: 20, withinMs: 5 * minute },
  throttled: { threshold: 1, withinMs: 5 * minute },
  'near-expiry': { threshold: 1, withinMs: 30 * day },
  'late-events': { threshold: 1, withinMs: 15 * minute },
  'rotation-failed': { threshold: 1, withinMs: day },
  laggards: { threshold: 1, withinMs: 60 * minute },
}
export const usualPauseMs = 15 * minute

/** What was told so long ago and still lasts is told again. */
const newsAgainMs = day

/** What of the findings is news, and what was told and has ended since. */
export function newsIn(
  findings: readonly Finding[],
  told: ReadonlyMap<string, Instant>,
  at: Instant,
): { readonly news: readonly Finding[]; readonly ended: readonly string[] } {
  const found = new Set(findings.map(({ subject }) => subject))
  return {
    news: findings.filter(({ subject, once }) => {
      const before = told.get(subject)
      return before === undefined || (once === undefined && at - before >= newsAgainMs)
    }),
    ended: [...told.keys()].filter((subject) => !found.has(subject)),
  }
}

/** Whether a rule may speak by a channel now: not again before its pause is over, nor while what has failed is left alone. */
export const maySpeak = (
  { pauseMs }: Pick<Rule, 'pauseMs'>,
  { told, again }: Pick<Channel, 'told' | 'again'>,
  at: Instant,
): boolean => at >= again && (told === undefined || at - told >= pauseMs)

/** A channel that has told what there was, or has nothing to tell: what kept it from telling is over. */
export const unhindered = (channel: Channel): Channel =>
  channel.trouble === undefined ? channel : { ...channel, trouble: undefined, attempt: 0, again: 0 }
