import { Fault } from '#base/fault.ts'
import type { Log } from '#base/log.ts'
import type { Caller } from '#core/identity/caller.ts'
import { perform } from '#core/perform.ts'
import { isOpen } from '#core/rotation/machine.ts'
import type { Times } from '#core/rotation/policy.ts'
import { boundAs, rotateNow } from '#core/rotation/rotation.ts'
import { hold, type Lease, settle, whileHeld } from '#core/schedule/schedule.ts'
import { showDerivation } from '#core/secrets/derivations.ts'
import { resourceOf, standingOf, updateSecret } from '#core/secrets/secrets.ts'
import type { Vault } from '#core/vaults/vault.ts'
import { liveVault } from '#core/vaults/vaults.ts'
import { atHand, type Incident, type Item, isFinal } from './incident.ts'
import { changeIncident, incidentWith } from './incident-rows.ts'
import { type Planning, plan } from './plan.ts'

/** What works on incidents. `engine` is the rotation engine's principal, which disables what has leaked. */
export type Responder = Planning & { readonly times: Times; readonly engine: Caller; readonly log: Log }

const lookMs = 250
const attemptsMax = 3

/**
 * One look at an incident: begins what can begin, sees what has ended, and keeps how far it has come. Every rotation is
 * begun in the name of who called the incident, so it ends where their rights do; and each look starts from what stands in
 * the rows, so it goes on after a crash with what was begun.
 */
export async function respond(responder: Responder, lease: Lease): Promise<void> {
  const { base, log } = responder
  const { database, keyring } = base
  const incident = await incidentWith(database.read, keyring, lease.subject)
  if (incident === undefined || incident.state === 'ended') {
    return database.write((turn) => settle(turn, lease, undefined))
  }
  // The journal of a year is read for longer than a lease lasts, and ten thousand rotations are not begun at once.
  const next = await whileHeld(database, lease, () =>
    (incident.state === 'searching' ? searched : gone)(responder, incident),
  )
  await database.write(async (turn) => {
    await hold(turn, lease)
    const ended = next.state === 'running' && next.items.every(isFinal)
    const kept = ended ? { ...next, state: 'ended' as const, ended: turn.at } : next
    await changeIncident(turn.sql, keyring, kept)
    await settle(turn, lease, ended ? undefined : turn.at + lookMs)
    if (ended) log.info({ incident: kept.id, secrets: kept.items.length }, 'an incident has come to its end')
  })
}

async function searched(responder: Responder, incident: Incident): Promise<Incident> {
  try {
    const { items, stillReadable } = await plan(responder, incident.question, incident.started)
    return { ...incident, state: 'running', items, stillReadable }
  } catch (error) {
    // To look once more would find no less.
    if (error instanceof Fault && error.code === 'invalid') return { ...incident, state: 'running', why: error.message }
    throw error
  }
}

async function gone(responder: Responder, incident: Incident): Promise<Incident> {
  const turn = new Set(atHand(incident.items))
  const items: Item[] = []
  for (const item of incident.items) items.push(turn.has(item) ? await seenTo(responder, incident, item) : item)
  return { ...incident, items }
}

const failed = (item: Item, why: string, todo: string): Item => ({ ...item, state: 'failed', why, todo })

async function seenTo(responder: Responder, incident: Incident, item: Item): Promise<Item> {
  const vault = await liveVault(responder.base.database.read, item.vault)
  if (vault === undefined) return failed(item, 'Its vault was deleted meanwhile.', 'Revoke it where it is accepted.')
  const done = await (item.remedy === 'follow' ? followed : rotated)(responder, incident, vault, item)
  return done.state === 'done' && incident.question.disable ? disabled(responder, incident, vault, done) : done
}

/** What is made of others was made anew in the commits that changed those. */
async function followed({ base }: Responder, _: Incident, vault: Vault, item: Item): Promise<Item> {
  const { read } = base.database
  const latest = (await standingOf(read, vault, item.name))?.latest
  if (latest === undefined) return failed(item, 'It is gone.', 'Revoke its parts.')
  if (!item.versions.includes(latest.version))
    return { ...item, state: 'done', version: latest.version, refused: latest.created }
  const { derivation } = await showDerivation({ sql: read, keyring: base.keyring }, vault, item.name)
  const why = derivation?.trouble ?? 'None of what it is made of has changed.'
  return failed(item, why, `See to its parts: cardea secret derive ${item.name} --show`)
}

async function rotated(
  responder: Responder,
  { id, started, question }: Incident,
  vault: Vault,
  item: Item,
): Promise<Item> {
  const { base, providers, times } = responder
  const { read } = base.database
  const { name } = item
  const rotation = (await boundAs(read, providers, vault, name))?.rotation
  const standing = await standingOf(read, vault, name)
  const settleIt = `See: cardea rotation show ${name}`
  if (rotation?.reason === 'emergency' && (isOpen(rotation.state) || rotation.entered >= started)) {
    const { state, lastError, newVersion, entered } = rotation
    if (state === 'blocked') {
      return failed(item, lastError ?? 'Its rotation is blocked.', `Settle it: cardea rotation settle ${name} retry`)
    }
    const fresh = newVersion !== undefined && newVersion === standing?.latest.version
    if (state === 'done' && fresh && !item.versions.includes(newVersion)) {
      if (lastError === undefined)
        return { ...item, state: 'done', version: newVersion, refused: entered, why: undefined }
      return failed(
        { ...item, version: newVersion },
        lastError,
        'See that the old one is revoked where it is accepted.',
      )
    }
    if (isOpen(state)) return { ...item, state: 'rotating', why: lastError }
    if (item.attempts >= attemptsMax) {
      return failed(
        item,
        lastError ?? 'Its rotations came to nothing.',
        `${settleIt}; then: cardea rotate ${name} --emergency`,
      )
    }
  }
  try {
    const intent = {
      caller: question.by,
      action: 'rotations/run',
      resource: resourceOf(vault, name),
      operation: 'RotationRunInEmergency',
      circumstances: { address: '', correlation: id, agent: 'cardea incident' },
    } as const
    await perform(base, intent, (scope) => rotateNow(scope, times, vault, name, 'emergency'))
    return { ...item, state: 'rotating', attempts: item.attempts + 1 }
  } catch (error) {
    if (error instanceof Fault && error.code !== 'unavailable' && error.code !== 'internal') {
      return failed(item, error.message, settleIt)
    }
    throw error
  }
}

/** Versions that may be known give no value any more, once another has taken their place. */
async function disabled({ base, engine }: Responder, { id }: Incident, vault: Vault, item: Item): Promise<Item> {
  const latest = (await standingOf(base.database.read, vault, item.name))?.latest.version
  const off: string[] = []
  const trouble: string[] = []
  for (const version of item.versions) {
    if (version === latest) continue
    const intent = {
      caller: engine,
      action: 'secrets/update',
      resource: resourceOf(vault, item.name),
      operation: 'SecretUpdate',
      circumstances: { address: '', correlation: id, agent: 'cardea incident' },
    } as const
    try {
      await perform(base, intent, (scope) => updateSecret(scope, vault, item.name, version, { enabled: false }))
      off.push(version)
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      trouble.push(error.message)
    }
  }
  const todo = 'Assign ‘Cardea Secret Rotator’ to the rotation engine there, or disable the old versions by hand.'
  return { ...item, disabled: off, ...(trouble[0] !== undefined && { why: trouble[0], todo }) }
}
