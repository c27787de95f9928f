import { operation } from '../operation.ts'
import { flag, nothing, optional, record, seconds, text } from '../shape.ts'
import { secretName } from '../vault/secrets.ts'
import { resourceId } from './resource-id.ts'

/**
 * Incidents (ours): somebody may have learned secrets, and all of them are to be rotated. On the management host, at and
 * below the resource that `resource` names, else in the subscription. Who runs one needs the right to rotate each secret.
 */
const where = record({ resource: optional(resourceId) })
const asked = record({
  /** The object id or application id of who may have learned them; or else one secret that has become known. */
  identity: optional(text({ pattern: /^[0-9a-zA-Z-]{1,64}$/, wanted: 'an object id or an application id' })),
  secret: optional(
    record({ vault: text({ pattern: /^[0-9a-zA-Z-]{1,64}$/, wanted: 'the name of a vault' }), name: secretName }),
  ),
  /** What the identity read from then on counts. */
  since: optional(seconds),
  /** Also what it may read now, though the journal doesn't say that it did. */
  couldRead: optional(flag),
  /** Whether the versions that may be known are disabled once others have taken their place. */
  disable: optional(flag),
})

export const planIncident = operation({
  id: 'IncidentPlan',
  method: 'POST',
  path: '/.cardea/incidents/plan',
  since: 'always',
  action: 'incidents/run',
  effect: 'read',
  params: record({}),
  query: where,
  body: asked,
  status: 200,
})

export const runIncident = operation({
  id: 'IncidentRun',
  method: 'POST',
  path: '/.cardea/incidents',
  since: 'always',
  action: 'incidents/run',
  effect: 'write',
  params: record({}),
  query: where,
  body: asked,
  status: 202,
})

export const showIncident = operation({
  id: 'IncidentShow',
  method: 'GET',
  path: '/.cardea/incidents/:id',
  since: 'always',
  action: 'incidents/read',
  effect: 'read',
  params: record({ id: text({ pattern: /^[0-9a-f-]{36}$/, wanted: 'the id of an incident' }) }),
  query: where,
  body: nothing,
  status: 200,
})

export const listIncidents = operation({
  id: 'IncidentList',
  method: 'GET',
  path: '/.cardea/incidents',
  since: 'always',
  action: 'incidents/read',
  effect: 'read',
  params: record({}),
  query: where,
  body: nothing,
  status: 200,
})

/** How somebody may have come to know a secret: read it, set it, could have read it, or we were told so. */
export type Exposure = 'read' | 'set' | 'could-read' | 'named'
/** It is rotated; it follows when what it is made of is rotated; or somebody has to see to it. */
export type Remedy = 'rotate' | 'follow' | 'by-hand'
export type ItemState = 'waiting' | 'rotating' | 'done' | 'failed' | 'by-hand'

export type IncidentItem = {
  readonly vault: string
  readonly secret: string
  readonly exposure: Exposure
  /** The secrets in whose value it stands, where it was read as a part of those. */
  readonly through: readonly string[]
  /** The versions that may be known; the newest first. */
  readonly versions: readonly string[]
  /** When it was met last, in seconds since 1970. */
  readonly met: number | null
  readonly remedy: Remedy
  /** Those of one rank go together, after all of the ranks before. */
  readonly rank: number
  readonly state: ItemState
  /** What has taken its place, and since when the old credential is refused. */
  readonly version: string | null
  readonly refused: number | null
  readonly disabled: readonly string[]
  /** Why it isn't or wasn't done, and what to do. */
  readonly why: string | null
  readonly todo: string | null
}

export type IncidentView = {
  /** Null for a plan. */
  readonly id: string | null
  readonly state: 'planned' | 'searching' | 'running' | 'ended'
  readonly identity: { readonly objectId: string; readonly name: string; readonly enabled: boolean } | null
  readonly secret: { readonly vault: string; readonly name: string } | null
  readonly since: number | null
  readonly couldRead: boolean
  readonly disable: boolean
  /** Who called it. */
  readonly by: string
  readonly started: number
  readonly ended: number | null
  /** How many of the items the identity may read even now: what is made new for them it can read again. */
  readonly stillReadable: number
  /** Why it has ended before it began with anything. */
  readonly why: string | null
  readonly items: readonly IncidentItem[]
}
export type IncidentList = {
  readonly value: readonly {
    readonly id: string
    readonly state: IncidentView['state']
    readonly started: number
    readonly ended: number | null
  }[]
}
