import { settingBytesDefault, settingBytesMost } from '@cardea/contract/appconfig/key-values'
import type { Instant } from '#base/clock.ts'
import { Fault } from '#base/fault.ts'
import { refuseMoved } from '#core/directory/location.ts'
import { badRequest, type Managed, type Tags } from './managed.ts'
import { lastIn } from './resource-id.ts'

/** A store keeps settings. */
export type Store = Pick<Managed, 'name' | 'resourceId' | 'location' | 'sealingKey'> & {
  /** Without it nobody is let in from outside. */
  readonly publicAccess: boolean
  /** For how long it is remembered what settings were. */
  readonly historySeconds: number
  /** How many bytes one setting may have in all. */
  readonly settingBytesMax: number
  /** How many bytes its settings, their history and its snapshots may take; undefined: as many as there is room for. */
  readonly storageBytesMax: number | undefined
}

/** The id under which a store's key is kept. */
export const keyOfStore = ({ sealingKey }: Store): string => sealingKey

/** A store as those see it who manage it, live or deleted. */
export type ManagedStore = Store &
  Managed & {
    readonly sku: StoreSku
    /** Whether it has access keys at all; without them only tokens open it. */
    readonly accessKeys: boolean
  }
const storeSkus = ['free', 'developer', 'standard', 'premium'] as const
type StoreSku = (typeof storeSkus)[number]

/** What somebody wants of a store. What isn't said stays, or becomes what it is by default. */
export type StoreDraft = {
  readonly location?: string | undefined
  readonly tags?: Tags | undefined
  readonly sku?: StoreSku | undefined
  readonly retentionDays?: number | undefined
  readonly purgeProtection?: boolean | undefined
  readonly publicAccess?: boolean | undefined
  readonly accessKeys?: boolean | undefined
  readonly historySeconds?: number | undefined
  readonly settingBytesMax?: number | undefined
  /** `null` takes the limit away. */
  readonly storageBytesMax?: number | null | undefined
}

/** Why a store can't be called so, if it can't: it is the first label of a host. */
export const wrongStoreName = (name: string): string | undefined =>
  /^[a-z0-9][a-z0-9-]{3,48}[a-z0-9]$/i.test(name)
    ? undefined
    : `The store name '${name.slice(0, 64)}' is invalid. It must have 5-50 letters, digits and hyphens, and begin and end with a letter or digit.`

const daySeconds = 86_400
/** What is no longer in force is remembered for so long, unless the store says otherwise; as in Azure, by its tier. */
export const historySecondsOf = (sku: StoreSku): number => (sku === 'free' || sku === 'developer' ? 7 : 30) * daySeconds
/** The pages of one list are read from what is remembered, so it isn't nothing. */
const historySecondsMin = 3_600
const historySecondsMax = 366 * daySeconds

function refuseHistory({ historySeconds }: StoreDraft): void {
  if (historySeconds === undefined || (historySeconds >= historySecondsMin && historySeconds <= historySecondsMax))
    return
  throw badRequest(
    `The property "defaultKeyValueRevisionRetentionPeriodInSeconds" must be from ${historySecondsMin} to ${historySecondsMax}.`,
  )
}

const storageBytesMin = 1024 * 1024
const settingBytesMin = 1024
function refuseSizes({ settingBytesMax, storageBytesMax }: StoreDraft): void {
  if (settingBytesMax !== undefined && (settingBytesMax < settingBytesMin || settingBytesMax > settingBytesMost))
    throw badRequest(`The property "cardea.settingBytesMax" must be from ${settingBytesMin} to ${settingBytesMost}.`)
  if (typeof storageBytesMax === 'number' && storageBytesMax < storageBytesMin)
    throw badRequest(`The property "cardea.storageBytesMax" must be at least ${storageBytesMin}, or null for no limit.`)
}

/** A store that is founded now. */
export function newStore(resourceId: string, sealingKey: string, draft: StoreDraft, at: Instant): ManagedStore {
  if (draft.location === undefined)
    throw new Fault('invalid', 'The location property is required.', { arm: 'LocationRequired' })
  if (draft.sku === undefined) throw badRequest('The sku property is required.')
  const { retentionDays = 7, purgeProtection = false, tags = {}, publicAccess = true, accessKeys = true } = draft
  if (retentionDays < 1 || retentionDays > 7) {
    throw badRequest('The property "softDeleteRetentionInDays" must be from 1 to 7.')
  }
  refuseHistory(draft)
  refuseSizes(draft)
  return {
    name: lastIn(resourceId).toLowerCase(),
    resourceId,
    location: draft.location,
    sealingKey,
    publicAccess,
    retentionDays,
    purgeProtection,
    tags,
    sku: draft.sku,
    accessKeys,
    historySeconds: draft.historySeconds ?? historySecondsOf(draft.sku),
    settingBytesMax: draft.settingBytesMax ?? settingBytesDefault,
    storageBytesMax: draft.storageBytesMax ?? undefined,
    created: at,
    updated: at,
    removal: undefined,
  }
}

/** The same store as somebody wants it now. What protects its data can't be taken back. */
export function changedStore(store: ManagedStore, draft: StoreDraft, at: Instant): ManagedStore {
  refuseMoved(store, draft.location)
  if (store.purgeProtection && draft.purgeProtection === false) {
    throw badRequest('The property "enablePurgeProtection" cannot be set to false once it is on.')
  }
  if (draft.retentionDays !== undefined && draft.retentionDays !== store.retentionDays) {
    throw badRequest('The property "softDeleteRetentionInDays" has been set already and it can\'t be modified.')
  }
  refuseHistory(draft)
  refuseSizes(draft)
  return {
    ...store,
    tags: draft.tags ?? store.tags,
    sku: draft.sku ?? store.sku,
    purgeProtection: draft.purgeProtection ?? store.purgeProtection,
    publicAccess: draft.publicAccess ?? store.publicAccess,
    accessKeys: draft.accessKeys ?? store.accessKeys,
    historySeconds: draft.historySeconds ?? store.historySeconds,
    settingBytesMax: draft.settingBytesMax ?? store.settingBytesMax,
    storageBytesMax: draft.storageBytesMax === undefined ? store.storageBytesMax : (draft.storageBytesMax ?? undefined),
    updated: at,
  }
}
