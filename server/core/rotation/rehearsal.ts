import { randomBytes, randomUUID } from 'node:crypto'
import type { Check } from '@cardea/contract/cardea/rehearsals'
import type { FarSide, Provider, Rehearsed } from '@cardea/contract/rotation/provider'
import type { Clock } from '#base/clock.ts'
import type { Turn } from '#base/database.ts'
import { Fault } from '#base/fault.ts'
import { consumersOf } from '#core/consumers/consumers.ts'
import { nameKey } from '#core/objects/object.ts'
import { observe, type Scope, type Sight } from '#core/perform.ts'
import { hold, type Lease, scheduleNow, settle } from '#core/schedule/schedule.ts'
import { getSecret, resourceOf, standingOf, subjectOf } from '#core/secrets/secrets.ts'
import { keyOfVault, type Vault } from '#core/vaults/vault.ts'
import { wordsMax } from './hand.ts'
import { backoffMs } from './policy.ts'
import { redacted } from './redaction.ts'
import { keepRehearsal, type Rehearsal, rehearsalOf } from './rehearsal-rows.ts'
import { providerNamed } from './rotation.ts'
import { policyOf } from './rotation-rows.ts'
import { clockFrom, type Engine } from './steps.ts'

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
  const { base, times, vaults, random, monotonic } = engine
  const [vaultName, key] = lease.subject.split('/') as [string, string]
  const vault = await vaults.vault(vaultName)
  const rehearsal = await rehearsalOf(base.database.read, vaultName, key)
  const turn = <T>(work: (turn: Turn) => Promise<T>) =>
    base.database.write(async (turn) => {
      await hold(turn, lease, times.leaseMs)
      return work(turn)
    })
  if (vault === undefined || rehearsal?.seed === undefined) return turn((turn) => settle(turn, lease, undefined))
  const now = await turn(async ({ at }) => clockFrom(at, monotonic))
  const { checks, clean } = await rehearsed({
    ...{ engine, vault, rehearsal, now, sealed: rehearsal.seed, attempt: lease.attempt },
    begin: (checks) => turn(async ({ sql }) => keepRehearsal(sql, { ...rehearsal, checks })),
  })
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

/** One attempt at a rehearsal. */
type Trial = {
  readonly engine: Engine
  readonly vault: Vault
  readonly rehearsal: Rehearsal
  /** What makes the twin, sealed. */
  readonly sealed: Uint8Array
  /** How many have come to nothing before. */
  readonly attempt: number
  /** The database's time. */
  readonly now: Clock
  /** From then on a twin may be there, also for whoever takes over from one that was torn off. */
  begin(checks: readonly Check[]): Promise<void>
}

/** A provider with the binding as it reads it. */
type Bound = { readonly provider: Provider; readonly binding: unknown }

/** Looks at everything here first; only what is in order is tried at the target. */
async function rehearsed(trial: Trial): Promise<Rehearsed> {
  const { engine, rehearsal } = trial
  // Nobody could have been told of a twin before the first attempt began.
  const untouched = rehearsal.checks.length === 0
  let bound: Bound
  try {
    bound = boundOf(engine, rehearsal)
  } catch (error) {
    const what = `The provider ${rehearsal.provider} reads the binding.`
    const remedy = 'Bind the secret anew, or give the server the provider back.'
    return { checks: [{ what, wrong: wordsOf(error), remedy }], clean: untouched }
  }
  const { provider, binding } = bound
  const names = provider.secretsOf(binding)
  const { secrets, checks: reading } = await readSecrets(trial, names)
  const checks = [...reading, await mayPublish(trial), ...(await readersBehind(trial))]
  // Where the administrator was lost since, it is tried again.
  if (Object.keys(secrets).length < names.length) return { checks, clean: untouched }
  if (provider.rehearse === undefined) {
    checks.push(passed(`The provider ${provider.name} has nothing at a target to rehearse.`))
    return { checks, clean: true }
  }
  await trial.begin(checks)
  const told = await rehearsedAtTarget(trial, bound, secrets)
  // After an attempt that was torn off, only one that went well has surely met its twin and taken it away.
  const clean = told.clean && (untouched || told.checks.every(({ wrong }) => wrong === null))
  return { checks: [...checks, ...told.checks], clean }
}

/** Throws where there is no provider of this name any more, or it reads another form of binding. */
function boundOf({ providers }: Engine, rehearsal: Rehearsal): Bound {
  const provider = providerNamed(providers, rehearsal.provider)
  return { provider, binding: provider.binding.read(JSON.parse(rehearsal.binding), 'binding') }
}

/** What the binding draws on, as far as the rotation engine may read it. */
async function readSecrets(trial: Trial, names: readonly string[]) {
  const { engine, vault } = trial
  const secrets: Record<string, string> = {}
  const checks: Check[] = []
  for (const name of names) {
    const what = `The rotation engine reads ${name}.`
    try {
      const secret = await observe(engine.base, intentOf(trial, name), (sight) => getSecret(sight, vault, name))
      secrets[name] = secret.value
      checks.push(passed(what))
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      const remedy = error.code === 'forbidden' ? grantOn(vault) : `Set the secret ${name}.`
      checks.push({ what, wrong: error.message, remedy })
    }
  }
  return { secrets, checks }
}

async function mayPublish(trial: Trial): Promise<Check> {
  const { engine, vault, rehearsal } = trial
  const name = rehearsal.nameKey
  const what = `The rotation engine may set ${name}.`
  const intent = { ...intentOf(trial, name), operation: 'RotationRehearse' }
  const isAllowed = await observe(engine.base, intent, async ({ permit }) =>
    permit.allows('secrets/set', resourceOf(vault, name)),
  ).catch((error: unknown) => {
    if (error instanceof Fault && error.code === 'forbidden') return false
    throw error
  })
  return isAllowed
    ? passed(what)
    : { what, wrong: 'It holds no role that lets it read and set the secret.', remedy: grantOn(vault) }
}

/** Who reports to run on an old version now would not follow the next one either. */
async function readersBehind({ engine, vault, rehearsal, now }: Trial): Promise<Check[]> {
  const { base, times } = engine
  const { read } = base.database
  const latest = (await standingOf(read, vault, rehearsal.nameKey))?.latest.version
  const users = await consumersOf(read, vault, rehearsal.nameKey, now(), times.silentMs)
  const remedy = 'Restart it, or have it reload: after a rotation it would be left behind.'
  return users.map(({ application, instance, version }) => {
    const what = `${application} ${instance} follows new versions.`
    const wrong = `It runs on ${version.slice(0, 8)}, which is not the latest version`
    return version === latest ? passed(what) : { what, wrong, remedy }
  })
}

/** Has the provider go the whole way with a twin. No word of what is secret is in what it says. */
async function rehearsedAtTarget(
  { engine, vault, rehearsal, sealed, attempt }: Trial,
  { provider, binding }: Bound,
  secrets: Readonly<Record<string, string>>,
): Promise<Rehearsed> {
  const { base, times } = engine
  const seed = await base.keyring.unseal(base.database.read, keyOfVault(vault), sealed, placeOf(rehearsal.id))
  const far: FarSide<unknown> = {
    ...{ binding, secrets, rotationId: rehearsal.id, attempt: String(attempt), fence: 0, livesMs: twinLivesMs },
    urgent: false,
    signal: AbortSignal.timeout(times.leaseMs / 2),
  }
  const torn = (error: unknown): Rehearsed => {
    return { checks: [{ what: 'The rehearsal comes to its end.', wrong: wordsOf(error), remedy: null }], clean: false }
  }
  const told = (await provider.rehearse?.(far, seed).catch(torn)) ?? { checks: [], clean: true }
  const words = [...Object.values(secrets), seed]
  const checks = told.checks.map(({ what, wrong, remedy }) => ({
    what: redacted(what, words),
    wrong: wrong && redacted(wrong, words).slice(0, wordsMax),
    remedy: remedy && redacted(remedy, words),
  }))
  return { checks, clean: told.clean }
}

const intentOf = ({ engine, vault, rehearsal }: Trial, name: string) =>
  ({
    caller: engine.caller,
    action: 'secrets/get',
    resource: resourceOf(vault, name),
    operation: 'SecretGet',
    circumstances: { address: '', correlation: rehearsal.id, agent: 'cardea rehearsal' },
  }) as const

const passed = (what: string): Check => ({ what, wrong: null, remedy: null })

const grantOn = ({ resourceId }: Vault): string =>
  `Assign 'Cardea Secret Rotator' to the principal 'rotation engine' on ${resourceId}.`

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** What a twin is made with where credentials end by themselves. */
const twinLivesMs = 60 * 60_000
