import { operation } from '../operation.ts'
import { list, nothing, nullable, oneOf, optional, record, type Shape, ShapeError, text } from '../shape.ts'
import { description, filterText, pageToken, selected, settingTags } from './key-values.ts'

/** Snapshots: what chosen settings were at one moment, for as long as somebody needs it. */
export const snapshotName = text({
  maxCharacters: 256,
  pattern: /^(?!\.{1,2}$)[^%\p{Cc}]+$/u,
  wanted: 'a name: not empty, not "." or "..", without "%" and control characters',
})

export const snapshotStatuses = ['provisioning', 'ready', 'archived', 'failed'] as const
export type SnapshotStatus = (typeof snapshotStatuses)[number]
const compositions = ['key', 'key_label'] as const
export type Composition = (typeof compositions)[number]

/** How long an archived snapshot can be had back, in seconds: an hour to ninety days. */
export const retentionSeconds = { least: 3_600, most: 7_776_000, usual: 2_592_000 } as const
const retention: Shape<number> = {
  read(value, where) {
    const { least, most } = retentionSeconds
    if (!Number.isInteger(value) || (value as number) < least || (value as number) > most)
      throw new ShapeError(where, `a whole number of seconds from ${least} to ${most}`)
    return value as number
  },
}
/** The contents of a snapshot may have at most 1 MB together (service limits). */
export const snapshotBytesMax = 1024 * 1024

const filterMember = text({ maxCharacters: 4096 })
const filters: Shape<{ key: string; label: string | undefined; tags: string[] | undefined }[]> = {
  read(value, where) {
    const read = list(
      record({ key: filterMember, label: optional(filterMember), tags: optional(list(filterMember, { maxItems: 5 })) }),
      { maxItems: 3 },
    ).read(value, where)
    if (read.length === 0) throw new ShapeError(where, 'a list of one to three filters')
    return read
  },
}

const named = record({ name: snapshotName })
const none = record({})

export const listSnapshots = operation({
  id: 'SnapshotList',
  method: 'GET',
  path: '/snapshots',
  since: '2022-11-01-preview',
  action: 'snapshots/read',
  effect: 'read',
  params: none,
  query: record({ name: filterText, status: optional(text({ maxCharacters: 256 })), after: pageToken, ...selected }),
  body: nothing,
  status: 200,
})
export const headSnapshots = operation({ ...listSnapshots, id: 'SnapshotListCheck', method: 'HEAD' })

export const getSnapshot = operation({
  id: 'SnapshotGet',
  method: 'GET',
  path: '/snapshots/*name',
  since: '2022-11-01-preview',
  action: 'snapshots/read',
  effect: 'read',
  params: named,
  query: record(selected),
  body: nothing,
  status: 200,
})
export const headSnapshot = operation({ ...getSnapshot, id: 'SnapshotCheck', method: 'HEAD' })

export const putSnapshot = operation({
  id: 'SnapshotPut',
  method: 'PUT',
  path: '/snapshots/*name',
  since: '2022-11-01-preview',
  action: 'snapshots/write',
  effect: 'write',
  params: named,
  query: none,
  body: record({
    filters,
    composition_type: optional(oneOf(...compositions)),
    retention_period: optional(retention),
    tags: nullable(settingTags),
    description: nullable(description),
  }),
  status: 201,
})

export const patchSnapshot = operation({
  id: 'SnapshotPatch',
  method: 'PATCH',
  path: '/snapshots/*name',
  since: '2022-11-01-preview',
  action: 'snapshots/archive',
  effect: 'write',
  params: named,
  query: none,
  body: record({ status: oneOf('ready', 'archived') }),
  status: 200,
})

/** How the making of a snapshot goes. */
export const getOperation = operation({
  id: 'SnapshotOperationGet',
  method: 'GET',
  path: '/operations',
  since: '2022-11-01-preview',
  action: 'snapshots/read',
  effect: 'read',
  params: none,
  query: record({ snapshot: snapshotName }),
  body: nothing,
  status: 200,
})

/** The members of a snapshot, in the service's order. */
export const snapshotFields = [
  'name',
  'status',
  'filters',
  'composition_type',
  'created',
  'expires',
  'retention_period',
  'size',
  'items_count',
  'tags',
  'description',
  'etag',
] as const
export type SnapshotField = (typeof snapshotFields)[number]

export type Snapshot = {
  name: string
  status: SnapshotStatus
  filters: { key: string; label: string | null; tags?: readonly string[] }[]
  composition_type: Composition
  created: string
  expires: string | null
  retention_period: number
  size: number
  items_count: number
  tags: Record<string, string | null>
  /** Since 2026-04-01. */
  description?: string | null
  etag: string
}
export type SnapshotSet = { items: Partial<Snapshot>[]; '@nextLink'?: string }

export type SnapshotOperation = {
  id: string
  status: 'NotStarted' | 'Running' | 'Succeeded' | 'Failed' | 'Canceled'
  error: { code: string; message: string } | null
}
