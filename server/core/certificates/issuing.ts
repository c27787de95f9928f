import type { Fault } from '#base/fault.ts'
import { subjectOf } from '#core/objects/objects.ts'
import type { Writing } from '#core/perform.ts'
import { triedOnceMore } from '#core/schedule/schedule.ts'
import type { Vault } from '#core/vaults/vault.ts'
import { renewing } from './lifetime.ts'
import { completed } from './pending.ts'
import { publish, type Ready } from './publishing.ts'
import { keepOperation, operationOf, type Underway } from './underway.ts'

/** The same operation as it stands in this turn; undefined if it has ended, or another was begun meanwhile. */
export async function stillUnderway(
  { sql, keyring }: Pick<Writing, 'sql' | 'keyring'>,
  vault: Vault,
  { name, requestId }: Pick<Underway, 'name' | 'requestId'>,
): Promise<Underway | undefined> {
  const operation = await operationOf({ sql, keyring }, vault, name)
  return operation?.requestId === requestId && operation.status === 'inProgress' ? operation : undefined
}

/** Ends an operation well: certificate, key and secret are there from this turn on. Gives the version. */
export async function finish(writing: Writing, vault: Vault, operation: Underway, ready: Ready): Promise<string> {
  const { version } = await publish(writing, vault, operation.name, operation.draft, ready)
  await completed(writing, vault, operation)
  return version
}

/** Ends an operation that was called off, or that can't come to a good end. Its key is kept: a certificate may still be merged. */
export async function end(
  writing: Writing,
  vault: Vault,
  operation: Underway,
  status: 'cancelled' | 'failed',
  fault?: Fault,
): Promise<void> {
  const trouble = fault && { code: 'Certificate issuer error', message: fault.message }
  await keepOperation(writing, vault, { ...operation, status, trouble })
  // It was asked for in vain, which an alert finds until it succeeds.
  if (status === 'failed' && operation.isRenewal)
    await triedOnceMore(writing.turn, renewing, subjectOf(vault, operation.name))
}
