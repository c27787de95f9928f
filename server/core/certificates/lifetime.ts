import type { Instant } from '#base/clock.ts'
import type { Turn } from '#base/database.ts'
import { awaitExpiry, forgetExpiry, resumeExpiry, tellExpiry } from '#core/objects/expiry.ts'
import { subjectOf } from '#core/objects/objects.ts'
import type { Scope } from '#core/perform.ts'
import { scheduleAt, unschedule, unscheduleUnder } from '#core/schedule/schedule.ts'
import type { Vault } from '#core/vaults/vault.ts'
import type { CertificateVersion } from './certificate.ts'
import { certificateTables } from './certificate-rows.ts'
import { life, policyOf, tellOf } from './holding.ts'
import { actionDue } from './policy.ts'
import { policyRows } from './sealed-rows.ts'

/** The kind under which a certificate waits for what its policy says of its life: its successor, or a message to people. */
export const renewing = 'renew-certificate'

type Hands = Pick<Scope<never>, 'turn' | 'keyring'>

/** Waits for what comes in the life of what is the latest version of a name now. What waited for another is fenced out. */
export async function awaitLifetime({ turn, keyring }: Hands, vault: Vault, latest: CertificateVersion): Promise<void> {
  const subject = subjectOf(vault, latest.name)
  await awaitExpiry(life, turn, subject, latest)
  await awaitAction({ turn, keyring }, vault, latest)
}

async function awaitAction({ turn, keyring }: Hands, vault: Vault, latest: CertificateVersion): Promise<void> {
  const subject = subjectOf(vault, latest.name)
  const policy = await policyOf({ sql: turn.sql, keyring }, vault, latest.name)
  const due = policy && latest.thumbprint !== undefined ? actionDue(policy, latest) : undefined
  if (due === undefined) await unschedule(turn, renewing, subject)
  else await scheduleAt(turn, renewing, subject, due)
}

/** Tells of the end of a certificate's latest version what is to be told by now, and gives when there may be more. */
export const tellCertificateExpiry = (
  { turn, tell }: Pick<Scope<never>, 'turn' | 'tell'>,
  vault: Vault,
  name: string,
): Promise<Instant | undefined> =>
  tellExpiry(life, { turn, tell: (type, certificate) => tell(tellOf(vault, type, certificate)) }, vault, name)

/** No certificate of a deleted vault is renewed, nor one that was deleted. */
export const pauseLifetime = (turn: Turn, vault: Vault, name?: string): Promise<void> =>
  name === undefined
    ? unscheduleUnder(turn, renewing, `${vault.name}/`)
    : unschedule(turn, renewing, subjectOf(vault, name))

/** Waits again for all that comes in a vault that was recovered; what has become due meanwhile comes at once. */
export async function resumeLifetimes({ turn, keyring }: Hands, vault: Vault): Promise<void> {
  await resumeExpiry(life, turn, vault)
  for (const name of await policyRows.namesIn(turn.sql, vault.name)) {
    const latest = await certificateTables.keptVersion(turn.sql, vault.name, name, undefined)
    if (latest !== undefined) await awaitAction({ turn, keyring }, vault, latest.object)
  }
}

/** Forgets what was awaited and told of a certificate that is gone for good, or of all in a vault. */
export async function forgetLifetime(turn: Turn, vault: Vault, name?: string): Promise<void> {
  await forgetExpiry(life, turn, vault, name)
  await pauseLifetime(turn, vault, name)
}
