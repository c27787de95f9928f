import { nothing, optional, record, text, whole } from '../shape.ts'

/** What all that is kept in a vault has in common on the wire: secrets, keys and certificates (*About keys, secrets, and certificates*). */
export const objectName = text({
  pattern: /^[0-9a-zA-Z-]{1,127}$/,
  wanted: 'made of 1 to 127 letters, digits and hyphens',
})
export const objectVersion = text({ pattern: /^[0-9a-zA-Z]{32}$/, wanted: 'a version: 32 letters and digits' })

/** What is read: objects, and lists of them. */
export const reading = { method: 'GET', since: '7.0', effect: 'read', body: nothing, status: 200 } as const

/** What a list may be asked for. */
export const page = { maxresults: optional(whole(1, 25)), $skiptoken: optional(text({ maxCharacters: 2048 })) }
export const paged = record(page)

export type Page<T> = { value: T[]; nextLink: string | null }
export type Backup = { value: string }
/** A member that is undefined isn't there: JSON leaves it out. */
export type ObjectAttributes = {
  enabled: boolean
  nbf?: number | undefined
  exp?: number | undefined
  created: number
  updated: number
  recoveryLevel: string
  recoverableDays?: number | undefined
}
export type Deleted = { recoveryId: string; deletedDate: number; scheduledPurgeDate: number }
