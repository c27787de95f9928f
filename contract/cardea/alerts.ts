import { operation } from '../operation.ts'
import { flag, list, nothing, oneOf, optional, record, text, whole } from '../shape.ts'
import { resourceId } from './resource-id.ts'

/**
 * Alert rules (ours): what is watched at and below a resource, and who is told. On the management host; the resource is
 * named by `resource`, else it is the subscription. A rule is known by its resource and its name.
 */
export const watched = [
  /** Somebody is refused again and again. */
  'denied',
  /** Somebody asks more than a quota lets through. */
  'throttled',
  /** A secret in use expires soon, or has. */
  'near-expiry',
  /** Events aren't taken by their receiver. */
  'late-events',
  /** A rotation is blocked, or ended in vain. */
  'rotation-failed',
  /** A program still runs on the old version, so long after the new one was published. */
  'laggards',
] as const
export type Watched = (typeof watched)[number]

export const ruleName = text({ pattern: /^[\w-]{1,64}$/, wanted: '1 to 64 letters, digits, hyphens or underscores' })
/** No name beside the address, no list in it, and nothing that could end a header. */
const mailAddress = text({
  maxCharacters: 254,
  pattern: /^[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?$/,
  wanted: 'a mail address such as ops@example.org',
})
const named = record({ name: ruleName })
const where = record({ resource: optional(resourceId) })
const yearSeconds = 366 * 86_400

export const putAlert = operation({
  id: 'AlertPut',
  method: 'PUT',
  path: '/.cardea/alerts/:name',
  since: 'always',
  action: 'alerts/write',
  effect: 'write',
  params: named,
  query: where,
  body: record({
    watch: oneOf(...watched),
    /** How often until it counts. */
    threshold: optional(whole(1, 1_000_000)),
    /** How far back it looks; for what expires, how far ahead. */
    withinSeconds: optional(whole(60, yearSeconds)),
    /** For so long after a message none follows; what is found meanwhile stands in the next. */
    pauseSeconds: optional(whole(60, yearSeconds)),
    mail: optional(list(mailAddress, { maxItems: 20 })),
    webhook: optional(text({ maxCharacters: 2048 })),
    /** The web hook is a chat's, in the manner of Slack, Mattermost or Teams: it gets words and nothing else. */
    chat: optional(flag),
  }),
  status: 200,
})

export const listAlerts = operation({
  id: 'AlertList',
  method: 'GET',
  path: '/.cardea/alerts',
  since: 'always',
  action: 'alerts/read',
  effect: 'read',
  params: record({}),
  query: where,
  body: nothing,
  status: 200,
})

export const deleteAlert = operation({
  id: 'AlertDelete',
  method: 'DELETE',
  path: '/.cardea/alerts/:name',
  since: 'always',
  action: 'alerts/write',
  effect: 'write',
  params: named,
  query: where,
  body: nothing,
  status: 204,
})

export type AlertView = {
  readonly name: string
  readonly resource: string
  readonly watch: Watched
  readonly threshold: number
  readonly withinSeconds: number
  readonly pauseSeconds: number
  readonly mail: readonly string[]
  /** Its host alone: the rest of the address may be a credential. */
  readonly webhook: string | null
  readonly chat: boolean
  /** When somebody was told last, in seconds since 1970. */
  readonly told: number | null
  /** What keeps messages from being delivered, if anything does. */
  readonly trouble: string | null
}
