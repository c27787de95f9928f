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
  readonly told: Instant | undefined
  readonly trouble: string | undefined
}
export type Recipients = {
  readonly mail: readonly string[]
  readonly webhook: string | undefined
  /** The web hook is a chat's, which takes words alone. */
  readonly chat?: boolean | undefined
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

/** Whether a rule may speak now: not again before its pause is over. */
export const maySpeak = ({ told, pauseMs }: Pick<Rule, 'told' | 'pauseMs'>, at: Instant): boolean =>
  told === undefined || at - told >= pauseMs
