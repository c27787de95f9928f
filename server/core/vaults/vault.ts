import type { Instant } from '#base/clock.ts'

/** A vault keeps secrets; a store keeps settings. Both have a resource id and a host of their own. */
export type Vault = {
  readonly name: string
  readonly resourceId: string
  readonly location: string
  /** For how long a deletion can be undone. */
  readonly retentionDays: number
  /** Once on, nobody can shorten that. */
  readonly purgeProtection: boolean
}
export type Store = { readonly name: string; readonly resourceId: string; readonly location: string }

const dayMs = 86_400_000
export const purgeDate = (vault: Vault, deleted: Instant): Instant => deleted + vault.retentionDays * dayMs

/** What Key Vault calls a vault's promise to undo deletions (reference 6.3): the full 90 days, or fewer ("customized"). */
export const recoveryLevel = ({ retentionDays, purgeProtection }: Vault): string =>
  `${retentionDays === 90 ? 'Recoverable' : 'CustomizedRecoverable'}${purgeProtection ? '' : '+Purgeable'}`

/** The id under which a vault's or store's key is kept. */
export const keyOfVault = ({ name }: Vault): string => `vault/${name}`
export const keyOfStore = ({ name }: Store): string => `store/${name}`
