/** Who asks: a principal of our directory, as its token proved, or an access key of a store, as a signature proved. */
export type Caller = {
  readonly objectId: string
  readonly appId: string
  /** Until when its proof holds, in milliseconds since 1970: what lasts longer than one answer ends then. */
  readonly expires?: number
  /** The credential or session on whose word its token was made; when that is taken away, the token counts for nothing. */
  readonly credential?: string
}

/** Somebody who proved nothing. Holds no grant, and its attempts are kept all the same. */
export const stranger: Caller = { objectId: '', appId: '' }

/** An access key acts as itself, under a name that no principal can have: object ids are UUIDs. */
const accessKey = 'access-key:'
export const callerByAccessKey = (id: string): Caller => ({ objectId: `${accessKey}${id}`, appId: '' })

/** The id of the access key that this caller is; undefined for a principal. */
export const accessKeyIn = (objectId: string): string | undefined =>
  objectId.startsWith(accessKey) ? objectId.slice(accessKey.length) : undefined
