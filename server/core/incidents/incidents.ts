import { randomUUID } from 'node:crypto'
import type { Instant } from '#base/clock.ts'
import { Fault } from '#base/fault.ts'
import { isWithin } from '#base/scope.ts'
import type { Caller } from '#core/identity/caller.ts'
import { principalCalled } from '#core/identity/directory.ts'
import type { Scope, Sight } from '#core/perform.ts'
import { scheduleNow } from '#core/schedule/schedule.ts'
import { resourceOf, standingOf } from '#core/secrets/secrets.ts'
import { vaultNamed } from '#core/vaults/vaults.ts'
import type { Incident, Question } from './incident.ts'
import { addIncident, incidentWith, latestIncidents } from './incident-rows.ts'
import { type Plan, type Planning, plan } from './plan.ts'

/** The kind under which incidents wait to be worked on. */
export const responding = 'incident'

export type Asked = {
  readonly identity: string | undefined
  readonly secret: { readonly vault: string; readonly name: string } | undefined
  readonly since: Instant | undefined
  readonly couldRead: boolean
  readonly disable: boolean
}

/** What an incident would do; nothing is changed. */
export async function planIncident(
  { sql, at, keyring }: Sight<'incidents/run'>,
  planning: Planning,
  scope: string,
  by: Caller,
  asked: Asked,
): Promise<Plan & { readonly question: Question; readonly at: Instant }> {
  const question = await questionOf({ sql, keyring }, scope, by, asked)
  return { ...(await plan(planning, question, at)), question, at }
}

/**
 * Begins an incident. What may be known is found out afterwards, by who works on it: nobody waits for a long journal, and a
 * crash at any moment leaves it to be gone on with.
 */
export async function runIncident(
  { turn, sql, at, keyring }: Scope<'incidents/run'>,
  scope: string,
  by: Caller,
  asked: Asked,
): Promise<Incident> {
  const question = await questionOf({ sql, keyring }, scope, by, asked)
  const incident: Incident = {
    ...{ id: randomUUID(), state: 'searching', question, started: at },
    ...{ ended: undefined, stillReadable: 0, why: undefined, items: [] },
  }
  await addIncident(sql, keyring, incident)
  await scheduleNow(turn, responding, incident.id)
  return incident
}

/** An incident, for those who may see incidents at the very place where it was called. */
export async function showIncident(
  { sql, keyring }: Sight<'incidents/read'>,
  scope: string,
  id: string,
): Promise<Incident> {
  const incident = await incidentWith(sql, keyring, id)
  // Whoever may see one vault's incidents isn't told of those elsewhere.
  if (incident === undefined || incident.question.scope.toLowerCase() !== scope.toLowerCase()) {
    throw new Fault('not-found', `There is no incident ${id} here.`, { arm: 'IncidentNotFound' })
  }
  return incident
}

/** The latest incidents of a scope. */
export const listIncidents = ({ sql }: Sight<'incidents/read'>, scope: string): ReturnType<typeof latestIncidents> =>
  latestIncidents(sql, scope)

async function questionOf(
  { sql, keyring }: Pick<Sight<never>, 'sql' | 'keyring'>,
  scope: string,
  { objectId, appId }: Caller,
  { identity, secret, since, couldRead, disable }: Asked,
): Promise<Question> {
  if ((identity === undefined) === (secret === undefined)) {
    throw new Fault('invalid', 'Either identity or secret must say what is known to whom.', { where: 'identity' })
  }
  if (identity !== undefined && since === undefined) {
    throw new Fault('invalid', 'since must say from when on what it read counts.', { where: 'since' })
  }
  // Whoever answers for one vault's incidents learns nothing of another's secrets by saying that they are known.
  if (secret !== undefined) {
    const vault = await vaultNamed(sql, secret.vault.toLowerCase())
    if (vault === undefined || !isWithin(scope, resourceOf(vault, secret.name)))
      throw new Fault('not-found', `There is no vault ${secret.vault} within ${scope}.`, { arm: 'VaultNotFound' })
    if ((await standingOf(sql, vault, secret.name)) === undefined)
      throw new Fault('not-found', `There is no secret ${secret.name} in the vault ${secret.vault}.`, {
        arm: 'SecretNotFound',
      })
  }
  const who = identity === undefined ? undefined : await principalCalled(sql, keyring, identity)
  return {
    identity: who && { objectId: who.objectId, appId: who.appId, name: who.name },
    secret: secret && { vault: secret.vault.toLowerCase(), name: secret.name.toLowerCase() },
    since: since ?? 0,
    ...{ couldRead, disable, scope, by: { objectId, appId } },
  }
}
