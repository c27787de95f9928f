import {
  type SnapshotField,
  type SnapshotOperation,
  snapshotFields,
  type Snapshot as Wire,
} from '@cardea/contract/appconfig/snapshots'
import { newestConfigurationVersion } from '@cardea/contract/appconfig/versions'
import type { Tags } from '#core/configuration/setting.ts'
import type { Snapshot, SnapshotDraft, SnapshotError } from '#core/configuration/snapshot.ts'
import { type Call, Reply } from '../../plane.ts'
import { filterFrom, tagsFrom } from '../filter.ts'
import { type Chosen, describes, only, type Selecting, selectedOf, wholeSecond } from '../key-values/wire.ts'

export const snapshotType = 'application/vnd.microsoft.appconfig.snapshot+json; charset=utf-8'

type Parameters = {
  readonly filters: readonly { key: string; label: string | undefined; tags: readonly string[] | undefined }[]
  readonly composition_type: SnapshotDraft['composition']
  readonly retention_period: number | undefined
  readonly tags: Tags | null | undefined
  readonly description: string | null | undefined
}

/** App Configuration's words into ours. An absent label is "no label" here, unlike in lists. */
export const snapshotDraftFrom = (call: Call, body: Parameters): SnapshotDraft => ({
  filters: body.filters.map(({ key, label, tags }, index) => ({
    said: { key, label, tags },
    means: {
      key: filterFrom(`filters[${index}].key`, key),
      label: filterFrom(`filters[${index}].label`, label === undefined || label === '' ? '\0' : label, 'label'),
      tags: tagsFrom(`filters[${index}].tags`, tags ?? []),
    },
  })),
  composition: body.composition_type,
  retentionSeconds: body.retention_period,
  tags: body.tags ?? {},
  description: describes(call) ? (body.description ?? undefined) : undefined,
})

/** Ours into App Configuration's: the chosen members, in the service's order. */
export function snapshotOf(call: Call, snapshot: Snapshot, chosen: Chosen<SnapshotField>): Partial<Wire> {
  const whole: Wire = {
    name: snapshot.name,
    status: snapshot.status,
    filters: snapshot.filters.map(({ said: { key, label, tags } }) => ({
      key,
      label: label ?? null,
      ...(tags !== undefined && { tags }),
    })),
    composition_type: snapshot.composition,
    created: wholeSecond(snapshot.created),
    expires: snapshot.expires === undefined ? null : wholeSecond(snapshot.expires),
    retention_period: snapshot.retentionSeconds,
    size: snapshot.size,
    items_count: snapshot.items,
    tags: { ...snapshot.tags },
    ...(describes(call) && { description: snapshot.description ?? null }),
    etag: snapshot.etag,
  }
  return only(whole, chosen)
}
export const chosenOfSnapshot = (query: Selecting): Chosen<SnapshotField> => selectedOf(query, snapshotFields)

/** What every answer about one snapshot says beside its body: its etag, and where its settings are. */
export const headersOfSnapshot = (call: Call, { name, etag, created }: Snapshot): Record<string, string> => ({
  'last-modified': new Date(created).toUTCString(),
  link: `</kv?${versionOf(call)}&snapshot=${encodeURIComponent(name)}>; rel="items"`,
  etag: `"${etag}"`,
})
const versionOf = ({ query }: Call): string =>
  `api-version=${encodeURIComponent(String(query['api-version'] ?? newestConfigurationVersion))}`

/** One snapshot as an answer to its writer. */
export const snapshotWritten = (
  call: Call,
  status: number,
  snapshot: Snapshot,
  headers: Record<string, string> = {},
): Reply =>
  new Reply(
    status,
    { 'content-type': snapshotType, ...headersOfSnapshot(call, snapshot), ...headers },
    JSON.stringify(snapshotOf(call, snapshot, 'all')),
  )

/** Where the making of a snapshot can be watched. */
export const operationTarget = (call: Call, { name }: Snapshot): string =>
  `/operations?snapshot=${encodeURIComponent(name)}&${versionOf(call)}`

const messages: Record<SnapshotError, string> = {
  QuotaExceeded: 'The settings that the filters choose are more than a snapshot may hold.',
  Forbidden: 'Who asked for the snapshot may no longer make it.',
}
const statuses = { provisioning: 'Running', ready: 'Succeeded', archived: 'Succeeded', failed: 'Failed' } as const

/** How the making of a snapshot goes, as App Configuration says it. */
export const operationOf = ({ name, status, error }: Snapshot): SnapshotOperation => ({
  id: name,
  status: statuses[status],
  error: error === undefined ? null : { code: error === 'Forbidden' ? 'ServerError' : error, message: messages[error] },
})
