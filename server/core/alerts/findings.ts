import type { Instant } from '#base/clock.ts'
import { isWithin } from '#base/scope.ts'
import type { Sql } from '#base/sql.ts'
import { findEntries } from '#core/audit/entries.ts'
import type { KeptEntry, Place } from '#core/audit/entry.ts'
import { life as certificates } from '#core/certificates/certificates.ts'
import { renewing } from '#core/certificates/lifetime.ts'
import { consumersOf } from '#core/consumers/consumers.ts'
import { life as keys } from '#core/keys/keys.ts'
import { rotatingKeys } from '#core/keys/lifetime.ts'
import { expiringObjects } from '#core/objects/expiry.ts'
import type { ObjectKind } from '#core/objects/object.ts'
import { objectResource } from '#core/objects/objects.ts'
import { overdue } from '#core/objects/overdue.ts'
import { rotationsInGrace, troubledRotations } from '#core/rotation/tally.ts'
import { resourceOf, life as secrets, standingOf } from '#core/secrets/secrets.ts'
import { deadEvents, lateEvents } from '#core/subscriptions/waiting.ts'
import type { VaultBook } from '#core/vaults/vaults.ts'
import type { Finding, Rule } from './alert.ts'

type Where = { readonly sql: Sql; readonly vaults: VaultBook; readonly at: Instant }
type Watching = Pick<Rule, 'watch' | 'scope' | 'threshold' | 'withinMs'>

/** What a rule finds now: names, counts and times, and nothing that lies outside its scope. */
export async function findingsOf(rule: Watching, where: Where): Promise<readonly Finding[]> {
  switch (rule.watch) {
    case 'denied':
      return refusals(rule, where, ['forbidden', 'unauthenticated'], 'was refused')
    case 'throttled':
      return refusals(rule, where, ['throttled'], 'was held back by a quota')
    case 'near-expiry':
      return expiring(rule, where)
    case 'late-events':
      return late(rule, where)
    case 'rotation-failed':
      return [
        ...(await failedRotations(rule, where)),
        ...(await failedKeyRotations(rule, where)),
        ...(await failedRenewals(rule, where)),
      ]
    case 'laggards':
      return laggards(rule, where)
  }
}

/** So many entries are looked at before others get their turn. */
const looks = 10_000
const times = (count: number): string => (count === 1 ? 'once' : `${count} times`)

/** Who was refused too often, each for itself: an identity where it is known, else the address. */
async function refusals(
  { scope, threshold, withinMs }: Watching,
  { sql, at }: Where,
  outcomes: readonly string[],
  what: string,
): Promise<Finding[]> {
  const span = { from: at - withinMs, to: at + 1 }
  const wanted = ({ outcome, resource }: KeptEntry) => outcomes.includes(outcome) && isWithin(scope, resource)
  const refused = new Map<string, { readonly count: number; readonly last: KeptEntry }>()
  let after: Place | undefined
  do {
    const { found, next } = await findEntries(sql, { ...span, after }, wanted, { limit: looks, looks })
    for (const entry of found) {
      const who = whom(entry)
      refused.set(who, { count: (refused.get(who)?.count ?? 0) + 1, last: entry })
    }
    after = next
  } while (after !== undefined)
  return [...refused]
    .filter(([, { count }]) => count >= threshold)
    .map(([who, { count, last }]) => ({
      subject: who,
      says: `${who} ${what} ${times(count)}, last with ${last.operation} on ${last.resource}.`,
    }))
}

const whom = ({ caller, circumstances }: KeptEntry): string =>
  caller.objectId === '' ? `somebody at ${circumstances.address || 'an unknown address'}` : caller.objectId

/** An end that comes nearer is news again when so many days are left, and when it has come. */
const stagesDays = [1, 3, 7, 14, 30]
const stageOf = (leftMs: number): string =>
  leftMs <= 0 ? 'over' : String(stagesDays.find((days) => leftMs <= days * dayMs) ?? 'far')

/** All that is in use and expires until a time, or has. */
const expiringUntil = async (sql: Sql, until: Instant) => [
  ...(await expiringObjects(secrets, sql, until)),
  ...(await expiringObjects(keys, sql, until)),
  ...(await expiringObjects(certificates, sql, until)),
]

/** What is to be done about an end that comes near. */
const renewals: Readonly<Record<ObjectKind, (vault: string, name: string) => string>> = {
  secret: (_, name) =>
    `Give it a new version: cardea secret set ${name}. Or have it rotate by itself: cardea rotation bind ${name}`,
  key: (vault, name) =>
    `Give it a new version: az keyvault key rotate --vault-name ${vault} --name ${name}. Or have it rotate by itself: az keyvault key rotation-policy update`,
  certificate: (vault, name) =>
    `Renew it: az keyvault certificate create --vault-name ${vault} --name ${name} with its policy, or import its successor. Or have it renewed by itself: a lifetime action AutoRenew in its policy`,
}

async function expiring({ scope, withinMs }: Watching, { sql, vaults, at }: Where): Promise<Finding[]> {
  const found: Finding[] = []
  for (const { kind, vault, name, version, expires } of await expiringUntil(sql, at + withinMs)) {
    const resource = await resourceIn(vaults, kind, vault, name)
    if (resource === undefined || !isWithin(scope, resource)) continue
    const when = new Date(expires).toISOString()
    const says = expires <= at ? `expired at ${when}` : `expires at ${when}`
    found.push({
      subject: `${resource}/${version} ${expires} ${stageOf(expires - at)}`,
      says: `The ${kind} ${name} of the vault ${vault} ${says}. ${renewals[kind](vault, name)}`,
      once: true,
    })
  }
  return found
}

/** Events that wait too long, and events that nobody waits for any more since they were given up within a day. */
const late = async (rule: Watching, where: Where): Promise<Finding[]> => [
  ...(await waitingLong(rule, where)),
  ...(await givenUp(rule, where)),
]

const dayMs = 86_400_000
async function givenUp({ scope, threshold }: Watching, { sql, at }: Where): Promise<Finding[]> {
  const dead = (await deadEvents(sql, at - dayMs)).filter(({ resource }) => isWithin(scope, resource))
  const [first] = dead
  if (first === undefined || dead.length < threshold) return []
  const since = new Date(first.at).toISOString()
  const says = `${dead.length} event${dead.length === 1 ? ' was' : 's were'} given up since ${since}, the first with ${first.dead}. See: cardea event dead SUBSCRIPTION --resource ID. Once the receiver is well: cardea event replay`
  return [{ subject: 'dead events', says }]
}

async function waitingLong({ scope, threshold, withinMs }: Watching, { sql, at }: Where): Promise<Finding[]> {
  const waiting = (await lateEvents(sql, at - withinMs)).filter(({ resource }) => isWithin(scope, resource))
  const [first] = waiting
  if (first === undefined || waiting.length < threshold) return []
  const since = new Date(first.at).toISOString()
  const says = `${waiting.length} event${waiting.length === 1 ? '' : 's'} can’t be delivered, the oldest since ${since}.`
  return [{ subject: 'events', says }]
}

async function failedRotations({ scope, withinMs }: Watching, { sql, vaults, at }: Where): Promise<Finding[]> {
  const found: Finding[] = []
  for (const { id, vault, nameKey, state, entered } of await troubledRotations(sql, at - withinMs)) {
    const resource = await resourceIn(vaults, 'secret', vault, nameKey)
    if (resource === undefined || !isWithin(scope, resource)) continue
    const what = state === 'blocked' ? 'is blocked' : 'ended without a new version'
    const since = new Date(entered).toISOString()
    const says = `The rotation of ${nameKey} in the vault ${vault} ${what}, since ${since}. See: cardea rotation show ${nameKey}`
    found.push({ subject: `${id} ${state}`, says })
  }
  return found
}

/** Keys whose next version is due, and couldn't be made so far. */
async function failedKeyRotations({ scope }: Watching, { sql, vaults }: Where): Promise<Finding[]> {
  const found: Finding[] = []
  for (const { vault, nameKey, attempts } of await overdue(sql, rotatingKeys)) {
    const resource = await resourceIn(vaults, 'key', vault, nameKey)
    if (resource === undefined || !isWithin(scope, resource)) continue
    const says = `The key ${nameKey} in the vault ${vault} is due for its next version, which failed ${times(attempts)}, and is tried again; the log says why.`
    found.push({ subject: `${resource} overdue`, says })
  }
  return found
}

/** Certificates that wait for their renewal because it failed; each is one finding, however often it is tried. */
async function failedRenewals({ scope }: Watching, { sql, vaults }: Where): Promise<Finding[]> {
  const found: Finding[] = []
  for (const { vault, nameKey, attempts } of await overdue(sql, renewing)) {
    const resource = await resourceIn(vaults, 'certificate', vault, nameKey)
    if (resource === undefined || !isWithin(scope, resource)) continue
    const says = `The certificate ${nameKey} in the vault ${vault} is due for its renewal, which failed ${times(attempts)}, and is tried again; the log says why.`
    found.push({ subject: `${resource} overdue`, says })
  }
  return found
}

/** Programs that say they run on what was published before, though the new version has been there for so long. */
async function laggards({ scope, threshold, withinMs }: Watching, { sql, vaults, at }: Where): Promise<Finding[]> {
  const found: Finding[] = []
  for (const { id, vault: name, nameKey, newVersion, published, graceUntil } of await rotationsInGrace(
    sql,
    at - withinMs,
  )) {
    const vault = await vaults.vault(name)
    if (vault === undefined || !isWithin(scope, resourceOf(vault, nameKey))) continue
    const current = [newVersion, (await standingOf(sql, vault, nameKey))?.latest.version]
    const users = await consumersOf(sql, vault, nameKey, at)
    for (const { application, instance, version } of users) {
      if (current.includes(version)) continue
      const [since, ends] = [published, graceUntil].map((time) => new Date(time).toISOString())
      const says = `${application} ${instance} still runs on the old version of ${nameKey} in the vault ${name}, which was replaced at ${since}; its credential ends at ${ends}. Restart it, and see: cardea secret readers ${nameKey}`
      found.push({ subject: `${id} ${application} ${instance}`, says })
    }
  }
  return found.length < threshold ? [] : found
}

async function resourceIn(
  vaults: VaultBook,
  kind: ObjectKind,
  name: string,
  object: string,
): Promise<string | undefined> {
  const vault = await vaults.vault(name)
  return vault && objectResource(kind, vault, object)
}
