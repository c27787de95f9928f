import type { Log } from '#base/log.ts'
import { type Channel, maySpeak, newsIn, unhindered } from '#core/alerts/alert.ts'
import { dueRule, keepLooks, type Look, toldSoFar, watching } from '#core/alerts/alerts.ts'
import { findingsOf } from '#core/alerts/findings.ts'
import type { Base } from '#core/perform.ts'
import { leaseMs, settle } from '#core/schedule/schedule.ts'
import type { VaultBook } from '#core/vaults/vaults.ts'
import { deliver, type Outlets } from './messenger.ts'
import { pauseAfter } from './pause.ts'
import type { Work } from './worker.ts'

type Watcher = {
  readonly base: Base
  readonly vaults: VaultBook
  readonly outlets: Outlets
  readonly log: Log
}

/** How often a rule is looked at. */
const everyMs = 60_000

/**
 * Looks at each alert rule once a minute and tells what is news, all in one message, and no message before the pause of
 * the rule is over. Mail and web hook are told each for itself: while one fails the other goes on. What is told is told before it
 * is kept as told: after a crash in between it is told twice, never not at all.
 */
export const watcher = ({ base, vaults, outlets, log }: Watcher): Work => ({
  name: 'watcher',
  kind: watching,
  concurrency: 1,
  leaseMs: 2 * leaseMs,
  async run(lease) {
    const { database, keyring, clock } = base
    const rule = await dueRule(database.read, keyring, lease.subject)
    if (rule === undefined) return void (await database.write((turn) => settle(turn, lease, undefined)))
    const at = clock()
    const findings = await findingsOf(rule, { sql: database.read, vaults, at })

    const tell = async (channel: Channel): Promise<Look> => {
      const { news, ended } = newsIn(findings, await toldSoFar(database.read, rule, channel), at)
      if (news.length === 0) return { channel: unhindered(channel), told: [], ended }
      if (!maySpeak(rule, channel, at)) return { channel, told: [], ended }
      try {
        await deliver({ rule, channel, news, at }, outlets)
        return { channel: { ...unhindered(channel), told: at }, told: news, ended }
      } catch (error) {
        const [trouble, pauseMs] = [whyOf(error), pauseAfter(channel.attempt)]
        log.warn(
          { rule: rule.name, scope: rule.scope, by: channel.by, why: trouble, pauseMs },
          'an alert could not be delivered',
        )
        const attempt = channel.attempt + 1
        return { channel: { ...channel, trouble, attempt, again: at + pauseMs }, told: [], ended }
      }
    }

    const looks = await Promise.all(rule.channels.map(tell))
    await database.write((turn) => keepLooks(turn, lease, rule, { looks, next: turn.at + everyMs }))
  },
})

/** Why it failed: a code where there is one. A server's own words may hold anything, also what we sent. */
function whyOf(error: unknown): string {
  const { code, responseCode, message } = error as { code?: unknown; responseCode?: unknown; message?: unknown }
  if (typeof code === 'string') return typeof responseCode === 'number' ? `${code} ${responseCode}` : code
  return String(message ?? error).slice(0, 200)
}
