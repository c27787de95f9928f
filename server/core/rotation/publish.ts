import { Fault } from '#base/fault.ts'
import { perform, type Scope } from '#core/perform.ts'
import { hold } from '#core/schedule/schedule.ts'
import { resourceOf, setSecret, standingOf } from '#core/secrets/secrets.ts'
import { entered, type Hand, isRefusal, NotNow, Superseded } from './hand.ts'
import { withdrawn } from './look.ts'
import { expiresOf, nextBegin, spreadOf } from './policy.ts'
import { keepNext, policyOf } from './rotation-rows.ts'

const tagsMax = 15

/** Publishes the candidate, only if nobody else has published meanwhile. */
export async function publish(hand: Hand): Promise<'again'> {
  const { vault, rotation, provider } = hand.seen
  const { nameKey } = rotation
  const value = await hand.kept('candidate')
  const published = await publishing(hand, 'publish', async (scope) => {
    const { turn, sql, at } = scope
    const standing = await standingOf(sql, vault, nameKey)
    const policy = await policyOf(sql, vault.name, nameKey)
    if (withdrawn(rotation, policy, standing, at) !== undefined) throw new Superseded(nameKey)
    const latest = standing?.latest
    const draft = {
      contentType: latest?.contentType,
      tags: tagsFor(latest?.tags, rotation.slot),
      expires: expiresOf(latest, at, policy?.schedule?.validityMs),
    }
    const secret = await setSecret(scope, vault, nameKey, value, draft, rotation.id)
    const age = { created: at, expires: secret.expires }
    const next = policy && nextBegin(policy, age, at, spreadOf(hand.lease.subject))
    await keepNext(sql, vault.name, nameKey, next)
    // What replaces nothing has nobody to wait for, and what has leaked isn't waited for.
    const replaces = provider.kind === 'slots' ? rotation.oldSlot !== undefined : rotation.previous !== undefined
    const waits = replaces && rotation.reason !== 'emergency'
    await hand.change(turn, {
      ...entered('grace', at),
      newVersion: secret.version,
      published: at,
      graceUntil: waits ? at + (policy?.graceMs ?? 0) : at,
    })
    return secret.version
  })
  hand.engine.log.info(hand.names({ version: published }), 'a rotation published its version')
  return 'again'
}

/**
 * Makes the value before the current version again, only if nobody has published meanwhile. From then on it is the new
 * credential that nobody needs any more.
 */
export async function publishAgain(hand: Hand, value: string): Promise<'again'> {
  const { vault, rotation } = hand.seen
  const { nameKey } = rotation
  const published = await publishing(hand, 'return', async (scope) => {
    const { turn, sql, at } = scope
    const latest = (await standingOf(sql, vault, nameKey))?.latest
    if (latest?.version !== rotation.newVersion || !latest?.enabled) throw new Superseded(nameKey)
    const draft = {
      contentType: latest?.contentType,
      tags: tagsFor(latest?.tags, rotation.oldSlot),
      expires: expiresOf(latest, at),
    }
    // No rotation can make two versions: this one is of who asked for it.
    const secret = await setSecret(scope, vault, nameKey, value, draft)
    const waits = (rotation.graceUntil ?? at) - (rotation.published ?? at)
    await hand.change(turn, {
      ...entered('grace', at),
      returnedVersion: secret.version,
      graceUntil: at + Math.max(0, waits),
      lastError: 'An operator went back to the value before.',
    })
    return secret.version
  })
  hand.engine.log.info(hand.names({ version: published }), 'a rotation went back to the value before')
  return 'again'
}

/** Sets the secret under the lease: version, event, audit entry, due date and state are one commit. Gives the version. */
function publishing(hand: Hand, step: string, act: (scope: Scope<'secrets/set'>) => Promise<string>): Promise<string> {
  const { vault, rotation } = hand.seen
  const { base, caller, times } = hand.engine
  const { nameKey } = rotation
  const intent = {
    caller,
    action: 'secrets/set',
    resource: resourceOf(vault, nameKey),
    operation: 'SecretSet',
    circumstances: hand.circumstances,
  } as const
  return hand.step(step, () =>
    perform(base, intent, async (scope) => {
      await hold(scope.turn, hand.lease, times.leaseMs)
      return act(scope)
    }).catch((error: unknown) => {
      if (error instanceof Fault && !(error instanceof Superseded) && isRefusal(error)) {
        throw new NotNow(hand.words(error, 'set', nameKey))
      }
      throw error
    }),
  )
}

/** The tags of the version before, and which of the alternating credentials this one is. */
function tagsFor(
  tags: Readonly<Record<string, string>> | undefined,
  slot: string | undefined,
): Readonly<Record<string, string>> | undefined {
  if (slot === undefined) return tags
  const full = Object.keys(tags ?? {}).length >= tagsMax && tags?.CredentialId === undefined
  return full ? tags : { ...tags, CredentialId: slot }
}
