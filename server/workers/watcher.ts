import type { Log } from '#base/log.ts'
import { maySpeak, newsIn } from '#core/alerts/alert.ts'
import { dueRule, keepLook, keepTrouble, watching } from '#core/alerts/alerts.ts'
import { findingsOf } from '#core/alerts/findings.ts'
import type { Base } from '#core/perform.ts'
import { leaseMs, settle } from '#core/schedule/schedule.ts'
import type { VaultBook } from '#core/vaults/vaults.ts'
import { deliver, type Outlets } from './messenger.ts'
import type { Work } from './worker.ts'

export type Watcher = {
  readonly base: Base
  readonly vaults: VaultBook
  readonly outlets: Outlets
  readonly log: Log
}

const minute = 60_000
/** How often a rule is looked at. */
const everyMs = minute
const pauseMsMax = 60 * minute

/**
 * Looks at each alert rule once a minute and tells what is news, all in one message, and no message before the pause of
 * the rule is over. It is told before it is kept as told: after a crash in between it is told twice, never not at all.
 */
export const watcher = ({ base, vaults, outlets, log }: Watcher): Work => ({
  name: 'watcher',
  kind: watching,
  concurrency: 1,
  leaseMs: 2 * leaseMs,
  async run(lease) {
    const { database, keyring, clock } = base
    const due = await dueRule(database.read, keyring, lease.subject)
    if (due === undefined) return void (await database.write((turn) => settle(turn, lease, undefined)))
    const { rule, told } = due
    const at = clock()
    const findings = await findingsOf(rule, { sql: database.read, vaults, at })
    const { news, ended } = newsIn(findings, told, at)
    const speaks = news.length > 0 && maySpeak(rule, at)
    if (speaks) {
      try {
        await deliver({ rule, news, at }, outlets)
      } catch (error) {
        log.warn({ rule: rule.name, scope: rule.scope, why: whyOf(error) }, 'an alert could not be delivered')
        const pause = Math.min(pauseMsMax, everyMs * 2 ** Math.min(lease.attempt, 10))
        await database.write((turn) => keepTrouble(turn, lease, rule, { trouble: whyOf(error), next: turn.at + pause }))
        return
      }
    }
    await database.write((turn) =>
      keepLook(turn, lease, rule, { told: speaks ? news : [], ended, next: turn.at + everyMs }),
    )
  },
})

/** Why it failed: a code where there is one. A server's own words may hold anything, also what we sent. */
function whyOf(error: unknown): string {
  const { code, responseCode, message } = error as { code?: unknown; responseCode?: unknown; message?: unknown }
  if (typeof code === 'string') return typeof responseCode === 'number' ? `${code} ${responseCode}` : code
  return String(message ?? error).slice(0, 200)
}
