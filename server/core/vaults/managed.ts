import type { Instant } from '#base/clock.ts'
import { Fault } from '#base/fault.ts'

/** What vaults and stores have alike for those who manage them, live or deleted. */
export type Managed = {
  /** In lower case, as in its host. */
  readonly name: string
  readonly resourceId: string
  readonly location: string
  /** For how long a deletion can be undone. Fixed when it is founded. */
  readonly retentionDays: number
  /** Once on, nobody can shorten that. */
  readonly purgeProtection: boolean
  /** The id of the key that seals its values: another one for each founding, so a name that comes back opens nothing old. */
  readonly sealingKey: string
  readonly tags: Tags
  readonly created: Instant
  readonly updated: Instant
  readonly removal: Removal | undefined
}

export type Tags = Readonly<Record<string, string>>

/** When something was deleted, and when it goes for good. */
export type Removal = { readonly deleted: Instant; readonly purge: Instant }

const dayMs = 86_400_000
/** When something goes for good that is deleted now. */
export const purgeDate = ({ retentionDays }: Pick<Managed, 'retentionDays'>, deleted: Instant): Instant =>
  deleted + retentionDays * dayMs

/** How it is said that a property can’t be so. */
export const badRequest = (words: string): Fault => new Fault('invalid', words, { arm: 'BadRequest' })
