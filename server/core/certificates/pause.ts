import * as objects from '#core/objects/objects.ts'
import type { Scope } from '#core/perform.ts'
import { scheduleAt, unscheduleUnder } from '#core/schedule/schedule.ts'
import type { Vault } from '#core/vaults/vault.ts'
import { dropContacts } from './contact-rows.ts'
import { life } from './holding.ts'
import { dropIssuers } from './issuer-rows.ts'
import { forgetLifetime, pauseLifetime, resumeLifetimes } from './lifetime.ts'
import { isSelf } from './policy.ts'
import { operationRows, policyRows } from './sealed-rows.ts'
import { issuing, operationOf } from './underway.ts'

type Hands = Pick<Scope<never>, 'turn' | 'keyring'>

/** Nothing in a vault is purged, issued or renewed while the vault itself is deleted. */
export async function pauseCertificates({ turn }: Hands, vault: Vault): Promise<void> {
  await objects.pausePurges(life, turn, vault)
  await pauseLifetime(turn, vault)
  await unscheduleUnder(turn, issuing, `${vault.name}/`)
}

/** Puts the certificates of a vault back into the due-index; those whose time has passed meanwhile have their turn at once. */
export async function resumeCertificates({ turn, keyring }: Hands, vault: Vault): Promise<void> {
  await objects.resumePurges(life, turn, vault)
  await resumeLifetimes({ turn, keyring }, vault)
  for (const name of await operationRows.namesIn(turn.sql, vault.name)) {
    const operation = await operationOf({ sql: turn.sql, keyring }, vault, name)
    if (operation?.status !== 'inProgress' || !(isSelf(operation.issuer) || operation.isCallingOff)) continue
    await scheduleAt(turn, issuing, objects.subjectOf(vault, name), turn.at)
  }
}

/** Takes every certificate of a vault away for good, with all that is known of issuers and contacts. */
export async function forgetCertificates({ turn }: Hands, vault: Vault): Promise<void> {
  await objects.forgetObjects(life, turn, vault)
  await forgetLifetime(turn, vault)
  await unscheduleUnder(turn, issuing, `${vault.name}/`)
  for (const rows of [policyRows, operationRows]) await rows.drop(turn.sql, vault.name)
  await dropIssuers(turn.sql, vault.name)
  await dropContacts(turn.sql, vault.name)
}
