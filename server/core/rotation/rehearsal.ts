import { randomBytes, randomUUID } from 'node:crypto'
import type { Check } from '@cardea/contract/cardea/rehearsals'
import type { FarSide, Rehearsed } from '@cardea/contract/rotation/provider'
import type { Turn } from '#base/database.ts'
import { Fault } from '#base/fault.ts'
import { consumersOf } from '#core/consumers/consumers.ts'
import { nameKey } from '#core/objects/object.ts'
import { observe, type Scope, type Sight } from '#core/perform.ts'
import { hold, type Lease, scheduleNow, settle } from '#core/schedule/schedule.ts'
import { getSecret, resourceOf, standingOf, subjectOf } from '#core/secrets/secrets.ts'
import { keyOfVault, type Vault } from '#core/vaults/vault.ts'
import { backoffMs } from './policy.ts'
import { redacted } from './redaction.ts'
import { keepRehearsal, type Rehearsal, rehearsalOf } from './rehearsal-rows.ts'
import { providerNamed } from './rotation.ts'
import { policyOf } from './rotation-rows.ts'
import type { Engine } from './steps.ts'

export type { Rehearsal } from './rehearsal-rows.ts'

/** What waits to be rehearsed, in the due-index. */
export const rehearsing = 'rehearsal'

/** Begins a rehearsal; one that isn't over yet is the answer. What makes its twin is kept before anybody hears of it. */
export async function rehearseRotation(
  { sql, at, turn, keyring }: Scope<'rotations/run'>,
  vault: Vault,
  name: string,
): Promise<Rehearsal> {
  const key = nameKey(name)
  const policy = await policyOf(sql, vault.name, key)
  if (policy === undefined) {
    throw new Fault('not-found', `The secret ${name} is not bound to a provider.`, { kind: 'route' })
  }
  const before = await rehearsalOf(sql, vault.name, key)
  if (before !== undefined && before.ended === undefined) return before
  const id = randomUUID()
  const seed = await keyring.seal(sql, keyOfVault(vault), randomBytes(32).toString('base64url'), placeOf(id))
  const { provider, binding } = policy
  const nothing = { ended: undefined, checks: [] }
  const rehearsal = { vault: vault.name, nameKey: key, id, provider, binding, asked: at, seed, ...nothing }
  await keepRehearsal(sql, rehearsal)
  await scheduleNow(turn, rehearsing, subjectOf(vault, name))
  return rehearsal
}

/** The last rehearsal, as far as it has come. */
export async function showRehearsal({ sql }: Sight<'rotations/read'>, vault: Vault, name: string): Promise<Rehearsal> {
  const rehearsal = await rehearsalOf(sql, vault.name, nameKey(name))
  if (rehearsal === undefined) {
    throw new Fault('not-found', `The rotation of ${name} was never rehearsed.`, { kind: 'route' })
  }
  return rehearsal
}

const placeOf = (id: string): string => `rehearsal/${id}/seed`

/**
 * Rehearses under a lease. It isn't over before the provider knows its twin to be gone: whoever was torn off, or found
 * nobody to take it away from, begins again with the same seed, and so sweeps away what was left.
 */
export async function rehearse(engine: Engine, lease: Lease): Promise<void> {
  const { base, times, vaults, random } = engine
  const [vaultName, key] = lease.subject.split('/') as [string, string]
  const vault = await vaults.vault(vaultName)
  const rehearsal = await rehearsalOf(base.database.read, vaultName, key)
  const turn = <T>(work: (turn: Turn) => Promise<T>) =>
    base.database.write(async (turn) => {
      await hold(turn, lease, times.leaseMs)
      return work(turn)
    })
  if (vault === undefined || rehearsal?.seed === undefined) return turn((turn) => settle(turn, lease, undefined))
  await turn(async () => {})
  // From then on a twin may be there, also for whoever takes over from one that was torn off.
  const begin = (checks: readonly Check[]) => turn(async ({ sql }) => keepRehearsal(sql, { ...rehearsal, checks }))
  const { checks, clean } = await rehearsed(engine, vault, rehearsal, rehearsal.seed, begin)
  await turn(async (turn) => {
    const over = clean || turn.at - rehearsal.asked > times.giveUpMs
    const ended = over ? { ended: turn.at, seed: undefined } : {}
    await keepRehearsal(turn.sql, { ...rehearsal, checks, ...ended })
    await settle(
      turn,
      lease,
      over ? undefined : turn.at + backoffMs(times, lease.attempt + 1, random()),
      lease.attempt + 1,
    )
  })
}

/** The provider, with the binding as it reads it. Throws where there is none of this name any more, or it reads another form. */
function boundOf({ providers }: Engine, rehearsal: Rehearsal) {
  const provider = providerNamed(providers, rehearsal.provider)
  return { provider, binding: provider.binding.read(JSON.parse(rehearsal.binding), 'binding') }
}

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

async function rehearsed(
  engine: Engine,
  vault: Vault,
  rehearsal: Rehearsal,
  sealed: Uint8Array,
  begin: (checks: readonly Check[]) => Promise<void>,
): Promise<Rehearsed> {
  const { base, caller, times } = engine
  // Nobody could have been told of a twin before the first attempt began.
  const untouched = rehearsal.checks.length === 0
  let bound: ReturnType<typeof boundOf>
  try {
    bound = boundOf(engine, rehearsal)
  } catch (error) {
    const what = `The provider ${rehearsal.provider} reads the binding.`
    const remedy = 'Bind the secret anew, or give the server the provider back.'
    return { checks: [{ what, wrong: wordsOf(error), remedy }], clean: untouched }
  }
  const { provider, binding } = bound
  const checks: Check[] = []
  const secrets: Record<string, string> = {}
  const circumstances = { address: '', correlation: rehearsal.id, agent: 'cardea rehearsal' }
  const intent = (name: string) =>
    ({
      caller,
      action: 'secrets/get',
      resource: resourceOf(vault, name),
      operation: 'SecretGet',
      circumstances,
    }) as const
  const grant = `Assign 'Cardea Secret Rotator' to the principal 'rotation engine' on ${vault.resourceId}.`
  for (const name of provider.secretsOf(binding)) {
    const what = `The rotation engine reads ${name}.`
    try {
      const secret = await observe(base, intent(name), (sight) => getSecret(sight, vault, name))
      secrets[name] = secret.value
      checks.push({ what, wrong: null, remedy: null })
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      const remedy = error.code === 'forbidden' ? grant : `Set the secret ${name}.`
      checks.push({ what, wrong: error.message, remedy })
    }
  }
  checks.push(await mayPublish(), ...(await readersBehind()))
  const seed = await base.keyring.unseal(base.database.read, keyOfVault(vault), sealed, placeOf(rehearsal.id))
  if (Object.keys(secrets).length < provider.secretsOf(binding).length) {
    // Where the administrator was lost since, it is tried again.
    return { checks, clean: untouched }
  }
  if (provider.rehearse === undefined) {
    checks.push({
      what: `The provider ${provider.name} has nothing at a target to rehearse.`,
      wrong: null,
      remedy: null,
    })
    return { checks, clean: true }
  }
  const far: FarSide<unknown> = {
    ...{ binding, secrets, rotationId: rehearsal.id, fence: 0, livesMs: 3_600_000, urgent: false },
    signal: AbortSignal.timeout(times.leaseMs / 2),
  }
  const words = [...Object.values(secrets), seed]
  await begin(checks)
  const told = await provider.rehearse(far, seed).catch((error: unknown): Rehearsed => {
    return { checks: [{ what: 'The rehearsal comes to its end.', wrong: wordsOf(error), remedy: null }], clean: false }
  })
  // After an attempt that was torn off, only one that went well has surely met its twin and taken it away.
  const clean = told.clean && (untouched || told.checks.every(({ wrong }) => wrong === null))
  const said = told.checks.map(({ what, wrong, remedy }) => ({
    what: redacted(what, words),
    wrong: wrong && redacted(wrong, words).slice(0, 500),
    remedy: remedy && redacted(remedy, words),
  }))
  return { checks: [...checks, ...said], clean }

  async function mayPublish(): Promise<Check> {
    const name = rehearsal.nameKey
    const what = `The rotation engine may set ${name}.`
    const allowed = await observe(base, { ...intent(name), operation: 'RotationRehearse' }, async ({ permit }) =>
      permit.allows('secrets/set', resourceOf(vault, name)),
    ).catch((error: unknown) => {
      if (error instanceof Fault && error.code === 'forbidden') return false
      throw error
    })
    return {
      what,
      wrong: allowed ? null : 'It holds no role that lets it read and set the secret.',
      remedy: allowed ? null : grant,
    }
  }

  /** Who reports to run on an old version now would not follow the next one either. */
  async function readersBehind(): Promise<Check[]> {
    const { read } = base.database
    const latest = (await standingOf(read, vault, rehearsal.nameKey))?.latest.version
    const users = await consumersOf(read, vault, rehearsal.nameKey, base.clock(), times.silentMs)
    return users.map(({ application, instance, version }) => ({
      what: `${application} ${instance} follows new versions.`,
      wrong: version === latest ? null : `It runs on ${version.slice(0, 8)}, which is not the latest version`,
      remedy: version === latest ? null : 'Restart it, or have it reload: after a rotation it would be left behind.',
    }))
  }
}
