import type { Fault } from '#base/fault.ts'
import type { Writing } from '#core/perform.ts'
import type { Vault } from '#core/vaults/vault.ts'
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
export const end = (
  writing: Writing,
  vault: Vault,
  operation: Underway,
  status: 'cancelled' | 'failed',
  fault?: Fault,
): Promise<void> =>
  keepOperation(writing, vault, {
    ...operation,
    status,
    trouble: fault && { code: 'Certificate issuer error', message: fault.message },
  })
