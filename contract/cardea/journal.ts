import { instant } from '../instant.ts'
import { operation } from '../operation.ts'
import { nothing, optional, record, text, whole } from '../shape.ts'
import { secretName } from '../vault/secrets.ts'
import { resourceId } from './resource-id.ts'

/**
 * The journal of deeds, read (ours), in the words of Azure's AuditEvent records. On the management host, asked with the
 * resource id at and below which records are wanted: one who may read the journal of one vault asks for that vault, and
 * sees nothing else. Without a resource, the whole subscription; `/` is the whole house with its sign-ins.
 */
const time = optional(instant({ day: true }))
const word = text({
  pattern: /^[\w.:-]{1,128}$/,
  wanted: '1 to 128 letters, digits, dots, colons, hyphens or underscores',
})

export const readJournal = operation({
  id: 'JournalRead',
  method: 'GET',
  path: '/.cardea/journal',
  since: 'always',
  action: 'journal/read',
  effect: 'read',
  params: record({}),
  query: record({
    resource: optional(resourceId),
    from: time,
    to: time,
    caller: optional(word),
    operation: optional(word),
    /** `success`, `failure`, or a code such as `forbidden`. */
    outcome: optional(word),
    after: optional(text({ pattern: /^[\w-]{1,256}$/, wanted: 'what nextLink said' })),
    limit: optional(whole(1, 1000)),
  }),
  body: nothing,
  status: 200,
})

/** One line of the journal as Azure's diagnostic logs have it (Key Vault logging). Never a value. */
export type AuditEvent = {
  readonly time: string
  readonly resourceId: string
  readonly operationName: string
  readonly category: 'AuditEvent'
  readonly resultType: string
  readonly resultSignature: string
  readonly resultDescription: string
  readonly callerIpAddress: string
  readonly correlationId: string
  readonly identity: { readonly claim: { readonly oid?: string; readonly appid?: string } }
  readonly properties: {
    /** The address of the object, or the resource id of what has none. */
    readonly id: string
    readonly clientInfo: string
    readonly httpStatusCode: number
    readonly requestUri: string
    readonly isRbacAuthorized: boolean
    /** Ours: in which series the record stands, under which number, and how it ended in our words. */
    readonly series: string
    readonly number: number
    readonly outcome: string
  }
}

export type JournalPage = { readonly value: readonly AuditEvent[]; readonly nextLink: string | null }

/** Who read a secret: which version, when last, from where, and how often in all. On the vault's host. */
export const listReaders = operation({
  id: 'SecretReadersList',
  method: 'GET',
  path: '/.cardea/secrets/:name/readers',
  since: 'always',
  action: 'journal/read',
  effect: 'read',
  params: record({ name: secretName }),
  query: record({}),
  body: nothing,
  status: 200,
})

export type Reader = {
  readonly version: string
  readonly objectId: string
  readonly appId: string
  /** Seconds since 1970. */
  readonly lastRead: number
  readonly address: string
  readonly times: number
}
