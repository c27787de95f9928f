import type { Instant } from '#base/clock.ts'
import type { Turn } from '#base/database.ts'
import { networkOf } from '#base/network.ts'
import type { Sql } from '#base/sql.ts'
import type { Keyring } from '#core/sealing/keyring.ts'
import { directoryKey } from './directory.ts'
import { type FailureRow, failureOf, keepFailure, removeFailuresBefore } from './failure-rows.ts'

/**
 * Guessing gets slower, and nobody is shut out by another's guesses for good. Attempts are counted before they are
 * looked at, so that a thousand at the same moment don't all come before the first is counted, and taken back when they
 * were right. A person's own network, once they have signed in from there, is answerable for itself alone.
 */
type Attempt = {
  /** What is guessed at: a person, an application's secret, the codes of devices. */
  readonly kind: 'person' | 'application' | 'user-code'
  readonly name: string
  readonly address: string
}

type Rule = { readonly tries: number; readonly pauseMsMax: number }
/** Ten tries, then a minute, then twice as long each time, as Entra's smart lockout begins. */
const fromOnePlace: Rule = { tries: 10, pauseMsMax: 3_600_000 }
/** At one person from wherever: their own networks are not counted in, and not shut out. */
const atOnePerson: Rule = { tries: 50, pauseMsMax: 900_000 }
/** At whomever from one network. */
const fromOneNetwork: Rule = { tries: 100, pauseMsMax: 900_000 }
const pauseMsFirst = 60_000
/** After a day without a failure, counting begins anew; a network is known for a month. */
const forgottenMs = 86_400_000
const knownMs = 30 * 86_400_000

type Counted = { readonly subject: string; readonly rule: Rule }

/** Which counts an attempt goes into, and whether its network is known to belong to the person. */
async function countsOf(sql: Sql, keyring: Keyring, { kind, name, address }: Attempt, at: Instant) {
  const network = networkOf(address)
  const digest = async (...parts: string[]): Promise<string> =>
    (await keyring.fingerprint(sql, directoryKey, JSON.stringify(['failures', ...parts]))).toString('base64url')
  const here: Counted = { subject: await digest('pair', kind, name, network), rule: fromOnePlace }
  if (kind !== 'person') return { here, counts: [here], known: undefined }
  const known = await digest('known', name, network)
  const seen = await failureOf(sql, known)
  if (seen !== undefined && seen.last > at - knownMs) return { here, counts: [here], known }
  const counts = [
    here,
    { subject: await digest('person', name), rule: atOnePerson },
    { subject: await digest('network', network), rule: fromOneNetwork },
  ]
  return { here, counts, known }
}

const failuresIn = (row: FailureRow | undefined, at: Instant): number =>
  row === undefined || row.last <= at - forgottenMs ? 0 : row.failures

/** Counts an attempt. How many milliseconds must pass before one is looked at; 0: this one is. */
export async function beginAttempt(turn: Turn, keyring: Keyring, attempt: Attempt): Promise<number> {
  const { sql, at } = turn
  await removeFailuresBefore(sql, at - knownMs)
  const { counts } = await countsOf(sql, keyring, attempt, at)
  const rows = await Promise.all(counts.map(({ subject }) => failureOf(sql, subject)))
  const until = Math.max(0, ...rows.map((row) => row?.until ?? 0))
  if (until > at) return until - at
  for (const [index, { subject, rule }] of counts.entries()) {
    const failures = failuresIn(rows[index], at) + 1
    const over = failures - rule.tries
    const pause = over < 0 ? 0 : Math.min(rule.pauseMsMax, pauseMsFirst * 2 ** Math.min(over, 20))
    await keepFailure(sql, { subject, failures, last: at, until: at + pause })
  }
  return 0
}

/** Takes an attempt back that was right; from now on its network is the person's own. */
export async function endAttempt(turn: Turn, keyring: Keyring, attempt: Attempt): Promise<void> {
  const { sql, at } = turn
  const { here, counts, known } = await countsOf(sql, keyring, attempt, at)
  for (const { subject } of counts) {
    const row = await failureOf(sql, subject)
    if (row === undefined) continue
    // Whoever guesses at others' codes can have as many right ones of their own as they like: those pardon nothing.
    const pardoned = subject === here.subject && attempt.kind !== 'user-code'
    const failures = pardoned ? 0 : Math.max(0, row.failures - 1)
    await keepFailure(sql, { subject, failures, last: at, until: pardoned ? at : row.until })
  }
  if (known !== undefined) await keepFailure(sql, { subject: known, failures: 0, last: at, until: at })
}
