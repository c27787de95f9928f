import { operation } from '../operation.ts'
import { nothing, optional, record, whole } from '../shape.ts'

/**
 * The change stream (ours): Server-Sent Events on the host of a vault or a store. Each event carries ids, never
 * values; the caller fetches values with its ordinary rights, and is told only of what it may read. `id` is the change
 * journal's sequence number: `after=` or `Last-Event-ID` resumes without a gap. A `hello` event with the current
 * sequence comes first, a comment line every 15 s keeps the connection.
 */
export const changes = [
  'secret-version-created',
  'secret-updated',
  'secret-deleted',
  'secret-recovered',
  'secret-purged',
  'setting-written',
  'setting-deleted',
  'setting-target-changed',
  'snapshot-created',
  'snapshot-modified',
] as const
export type ChangeType = (typeof changes)[number]

export type Change = {
  readonly sequence: number
  /** When it was done, in milliseconds since 1970 by the server's clock; never later than its commit. */
  readonly at?: number
  readonly type: ChangeType
  /** The resource id of the secret, the setting or the snapshot. */
  readonly resource: string
  /** The name of the secret or the snapshot, or the setting's key. */
  readonly name: string
  /** The secret's version; absent for a setting. */
  readonly version?: string
  /** The setting's label; absent for a secret, and for a setting without one. */
  readonly label?: string
}

const followed = {
  method: 'GET',
  path: '/.cardea/changes',
  since: 'always',
  reach: 'within',
  effect: 'read',
  params: record({}),
  query: record({ after: optional(whole(0, Number.MAX_SAFE_INTEGER)) }),
  body: nothing,
  status: 200,
} as const

/** On a vault's host: its secrets. */
export const followVault = operation({ id: 'VaultChangesFollow', action: 'secrets/get', ...followed })
/** On a store's host: its settings, and the settings whose Key Vault reference points at a secret that changed. */
export const followStore = operation({ id: 'StoreChangesFollow', action: 'settings/read', ...followed })
