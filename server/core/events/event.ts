import { type ChangeType, changes } from '@cardea/contract/cardea/changes'
import { type Instant, inSecondsOrNull } from '#base/clock.ts'
import type { CloudEvent } from '#core/subscriptions/cloud-event.ts'

/**
 * All that is told, under the names that Azure gives it (Event Grid schemas); what it has no word for is ours. What is no
 * change has no place in the change journal: it is told to those who listen outside, and changes nothing by itself.
 */
export const eventTypes = {
  'secret-version-created': 'Microsoft.KeyVault.SecretNewVersionCreated',
  'secret-near-expiry': 'Microsoft.KeyVault.SecretNearExpiry',
  'secret-expired': 'Microsoft.KeyVault.SecretExpired',
  'key-version-created': 'Microsoft.KeyVault.KeyNewVersionCreated',
  'key-near-expiry': 'Microsoft.KeyVault.KeyNearExpiry',
  'key-expired': 'Microsoft.KeyVault.KeyExpired',
  'certificate-version-created': 'Microsoft.KeyVault.CertificateNewVersionCreated',
  'certificate-near-expiry': 'Microsoft.KeyVault.CertificateNearExpiry',
  'certificate-expired': 'Microsoft.KeyVault.CertificateExpired',
  'vault-access-policy-changed': 'Microsoft.KeyVault.VaultAccessPolicyChanged',
  'secret-updated': 'Cardea.SecretUpdated',
  'secret-deleted': 'Cardea.SecretDeleted',
  'secret-recovered': 'Cardea.SecretRecovered',
  'secret-purged': 'Cardea.SecretPurged',
  'key-updated': 'Cardea.KeyUpdated',
  'key-deleted': 'Cardea.KeyDeleted',
  'key-recovered': 'Cardea.KeyRecovered',
  'key-purged': 'Cardea.KeyPurged',
  'certificate-updated': 'Cardea.CertificateUpdated',
  'certificate-deleted': 'Cardea.CertificateDeleted',
  'certificate-recovered': 'Cardea.CertificateRecovered',
  'certificate-purged': 'Cardea.CertificatePurged',
  'setting-written': 'Microsoft.AppConfiguration.KeyValueModified',
  'setting-deleted': 'Microsoft.AppConfiguration.KeyValueDeleted',
  'snapshot-created': 'Microsoft.AppConfiguration.SnapshotCreated',
  'snapshot-modified': 'Microsoft.AppConfiguration.SnapshotModified',
  'setting-target-changed': 'Cardea.KeyValueTargetChanged',
  'rotation-started': 'Cardea.RotationStarted',
  'rotation-verified': 'Cardea.RotationVerified',
  'rotation-published': 'Cardea.RotationPublished',
  'rotation-retired': 'Cardea.RotationRetired',
  'rotation-failed': 'Cardea.RotationFailed',
  'rotation-blocked': 'Cardea.RotationBlocked',
  'derivation-stopped': 'Cardea.DerivationStopped',
} as const satisfies Record<ChangeType, string> & Record<string, string>

/** What happened, in the past tense, to what. Ids and names only. */
export type Event = {
  readonly type: keyof typeof eventTypes
  /** The resource id of the vault or store in which it happened. */
  readonly scope: string
  /** The resource id of the thing itself. */
  readonly resource: string
  /** The secret's, key's or certificate's name, the setting's key, or the vault's name. */
  readonly name: string
  readonly version?: string
  readonly label?: string
  /** The etag of a setting or snapshot: what it became, or what it was when it went. */
  readonly etag?: string
  /** From when and until when a version is valid. */
  readonly notBefore?: Instant | undefined
  readonly expires?: Instant | undefined
  /** The resource id of the secret that a setting points at: who may not learn of that isn't told of this. */
  readonly target?: string
  /** The rotation that it is about. */
  readonly rotation?: { readonly id: string; readonly provider: string; readonly reason: string }
}

const changing: readonly string[] = changes
/** Whether it belongs into the change journal, from which programs learn what to read again. */
export const isChange = (event: Event): event is Event & { readonly type: ChangeType } => changing.includes(event.type)

/** By what addresses the vaults and stores are reached from outside. */
export type Addresses = { vaultUrl(name: string): string; storeUrl(name: string): string }

/** An event in the words of those outside. `id` is the same however often it is delivered. */
export function cloudEvent(
  event: Event,
  { id, sequence, at }: { readonly id: string; readonly sequence: number; readonly at: Instant },
  addresses: Addresses,
): CloudEvent {
  const container = event.scope.slice(event.scope.lastIndexOf('/') + 1)
  const ofStore = event.type.startsWith('setting-') || event.type.startsWith('snapshot-')
  const store = ofStore ? addresses.storeUrl(container) : ''
  return {
    specversion: '1.0',
    id,
    source: event.scope,
    type: eventTypes[event.type],
    subject: ofStore ? storeSubject(event, store) : event.name,
    // Seven digits, as Event Grid writes them.
    time: new Date(at).toISOString().replace('Z', '0000Z'),
    datacontenttype: 'application/json',
    data: ofStore ? storeData(event, sequence) : vaultData(event, container, addresses.vaultUrl(container)),
  }
}

/** The address of what it is about. Of Azure's four printed examples of snapshots one says `kvsnapshots`, which no store answers. */
const storeSubject = ({ type, name, label }: Event, store: string): string =>
  type.startsWith('snapshot-')
    ? `${store}/snapshots/${encodeURIComponent(name)}`
    : `${store}/kv/${encodeURIComponent(name)}${label === undefined ? '' : `?label=${encodeURIComponent(label)}`}`

/** What App Configuration's own events carry: the token makes its clients ask for at least this state. */
const storeData = ({ type, name, label, etag }: Event, sequence: number): Record<string, unknown> => ({
  ...(type.startsWith('setting-') ? { key: name, label: label ?? null } : { name }),
  ...(etag !== undefined && { etag }),
  syncToken: `cardea=${btoa(String(sequence)).replace(/=+$/, '')};sn=${sequence}`,
})

/** What Key Vault's own events carry, in the spelling that they have on the wire. */
function vaultData({ type, name, version, notBefore, expires, rotation }: Event, vault: string, url: string) {
  const object = type.startsWith('key-')
    ? ({ word: 'Key', path: 'keys' } as const)
    : type.startsWith('certificate-')
      ? ({ word: 'Certificate', path: 'certificates' } as const)
      : ({ word: 'Secret', path: 'secrets' } as const)
  const ofVault = type === 'vault-access-policy-changed'
  return {
    Id: ofVault ? url : `${url}/${object.path}/${name}${version === undefined ? '' : `/${version}`}`,
    VaultName: vault,
    ObjectType: ofVault ? 'Vault' : object.word,
    ObjectName: name,
    Version: version ?? null,
    NBF: inSecondsOrNull(notBefore),
    EXP: inSecondsOrNull(expires),
    ...(rotation !== undefined && {
      RotationId: rotation.id,
      Provider: rotation.provider,
      Reason: rotation.reason,
    }),
  }
}
