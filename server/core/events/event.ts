import type { ChangeType } from '@cardea/contract/cardea/changes'

/** What happened, in the past tense, to what. Ids and names only. */
export type Event = {
  readonly type: ChangeType
  /** The resource id of the vault or store in which it happened. */
  readonly scope: string
  /** The resource id of the thing itself. */
  readonly resource: string
  /** The secret's name or the setting's key. */
  readonly name: string
  readonly version?: string
  readonly label?: string
  /** The etag of a setting or snapshot: what it became, or what it was when it went. */
  readonly etag?: string
}

/** The names that Azure gives these events (Event Grid schemas); what it has no word for is ours. */
export const eventTypes: Record<ChangeType, string> = {
  'secret-version-created': 'Microsoft.KeyVault.SecretNewVersionCreated',
  'secret-updated': 'Cardea.SecretUpdated',
  'secret-deleted': 'Cardea.SecretDeleted',
  'secret-recovered': 'Cardea.SecretRecovered',
  'secret-purged': 'Cardea.SecretPurged',
  'setting-written': 'Microsoft.AppConfiguration.KeyValueModified',
  'setting-deleted': 'Microsoft.AppConfiguration.KeyValueDeleted',
  'snapshot-created': 'Microsoft.AppConfiguration.SnapshotCreated',
  'snapshot-modified': 'Microsoft.AppConfiguration.SnapshotModified',
  'setting-target-changed': 'Cardea.KeyValueTargetChanged',
}

/** A CloudEvents 1.0 envelope. `id` is the journal's number, so a receiver can tell a repetition. */
export const cloudEvent = (event: Event, sequence: number, at: number): Record<string, unknown> => ({
  specversion: '1.0',
  id: String(sequence),
  source: event.scope,
  type: eventTypes[event.type],
  subject: event.name,
  time: new Date(at).toISOString(),
  datacontenttype: 'application/json',
  data: {
    resource: event.resource,
    name: event.name,
    ...(event.version !== undefined && { version: event.version }),
    ...(event.label !== undefined && { label: event.label }),
    ...(event.etag !== undefined && storeData(event, sequence)),
  },
})

/** What App Configuration's own events carry: the token makes its clients ask for at least this state. */
const storeData = ({ type, name, label, etag }: Event, sequence: number): Record<string, unknown> => ({
  ...(type.startsWith('setting-') && { key: name, label: label ?? null }),
  etag,
  syncToken: `cardea=${btoa(String(sequence))}`,
})
