import type { Instant } from '#base/clock.ts'
import { Fault } from '#base/fault.ts'
import { refuseMoved } from '#core/directory/location.ts'
import { badRequest, type Managed, type Tags } from './managed.ts'
import { lastIn } from './resource-id.ts'

/** A vault keeps secrets, keys and certificates. What is in it can be recovered for as long as it can itself. */
export type Vault = Pick<
  Managed,
  'name' | 'resourceId' | 'location' | 'retentionDays' | 'purgeProtection' | 'sealingKey'
> & {
  /** Premium ones may keep keys in a hardware security module. */
  readonly sku: 'standard' | 'premium'
  readonly network: Network
}

/** The id under which a vault's key is kept. */
export const keyOfVault = ({ sealingKey }: Vault): string => sealingKey

/** From where the data may be asked for. */
export type Network = {
  /** Without it nobody is let in from outside: there are no private links here. */
  readonly publicAccess: boolean
  readonly defaultAction: 'Allow' | 'Deny'
  /** Kept for who reads it back; nothing of ours comes over the network. */
  readonly bypass: 'AzureServices' | 'None'
  /** Addresses and ranges (CIDR) that are let in although the default denies. */
  readonly ipRules: readonly string[]
  /** Kept for who reads them back; there are no such networks here, so they let nobody in. */
  readonly virtualNetworks: readonly string[]
}
export const openNetwork: Network = {
  publicAccess: true,
  defaultAction: 'Allow',
  bypass: 'AzureServices',
  ipRules: [],
  virtualNetworks: [],
}

/** A vault as those see it who manage it, live or deleted. */
export type ManagedVault = Vault &
  Managed & {
    /** Which of Azure's own services may read it: kept for who reads it back. */
    readonly enabledFor: EnabledFor
  }
type EnabledFor = { readonly deployment: boolean; readonly disk: boolean; readonly template: boolean }

/** What somebody wants of a vault. What isn't said stays, or becomes what it is by default. */
export type VaultDraft = {
  readonly location?: string | undefined
  readonly tags?: Tags | undefined
  readonly sku?: ManagedVault['sku'] | undefined
  readonly softDelete?: boolean | undefined
  readonly retentionDays?: number | undefined
  readonly purgeProtection?: boolean | undefined
  readonly network?: Omit<Network, 'publicAccess'> | undefined
  readonly publicAccess?: boolean | undefined
  readonly enabledFor?: { readonly [member in keyof EnabledFor]?: boolean | undefined } | undefined
}

const nameRule = /^[a-z](?!.*--)[a-z0-9-]{1,22}[a-z0-9]$/i
/** Why a vault can't be called so, if it can't. */
export const wrongVaultName = (name: string): string | undefined =>
  nameRule.test(name)
    ? undefined
    : `The vault name '${name.slice(0, 64)}' is invalid. A vault's name must be between 3-24 alphanumeric characters. The name must begin with a letter, end with a letter or digit, and not contain consecutive hyphens.`

/** A vault that is founded now. */
export function newVault(resourceId: string, sealingKey: string, draft: VaultDraft, at: Instant): ManagedVault {
  if (draft.location === undefined)
    throw new Fault('invalid', 'The location property is required.', { arm: 'LocationRequired' })
  refuseIrrevocable(draft, false)
  const { retentionDays = 90, purgeProtection = false, sku = 'standard', tags = {}, enabledFor = {} } = draft
  if (retentionDays < 7 || retentionDays > 90) {
    throw badRequest('The property "softDeleteRetentionInDays" must be from 7 to 90.')
  }
  return {
    name: lastIn(resourceId).toLowerCase(),
    resourceId,
    location: draft.location,
    retentionDays,
    purgeProtection,
    sealingKey,
    network: networkFrom(openNetwork, draft),
    tags,
    sku,
    enabledFor: enabledFrom({ deployment: false, disk: false, template: false }, enabledFor),
    created: at,
    updated: at,
    removal: undefined,
  }
}

/** The same vault as somebody wants it now. What protects its data can't be taken back. */
export function changedVault(vault: ManagedVault, draft: VaultDraft, at: Instant): ManagedVault {
  refuseMoved(vault, draft.location)
  refuseIrrevocable(draft, vault.purgeProtection)
  if (draft.retentionDays !== undefined && draft.retentionDays !== vault.retentionDays) {
    throw badRequest('The property "softDeleteRetentionInDays" has been set already and it can\'t be modified.')
  }
  return {
    ...vault,
    tags: draft.tags ?? vault.tags,
    sku: draft.sku ?? vault.sku,
    purgeProtection: draft.purgeProtection ?? vault.purgeProtection,
    network: networkFrom(vault.network, draft),
    enabledFor: enabledFrom(vault.enabledFor, draft.enabledFor ?? {}),
    updated: at,
  }
}

function refuseIrrevocable({ softDelete, purgeProtection }: VaultDraft, isProtected: boolean): void {
  if (softDelete === false) {
    throw badRequest(
      'The property "enableSoftDelete" cannot be set to false. Every vault can be recovered after its deletion.',
    )
  }
  if (isProtected && purgeProtection === false) {
    throw badRequest(
      'The property "enablePurgeProtection" cannot be set to false. Enabling the purge protection for a vault is an irreversible action.',
    )
  }
}

const networkFrom = (before: Network, { network, publicAccess }: VaultDraft): Network => ({
  ...(network ?? before),
  publicAccess: publicAccess ?? before.publicAccess,
})

const enabledFrom = (before: EnabledFor, wanted: NonNullable<VaultDraft['enabledFor']>): EnabledFor => ({
  deployment: wanted.deployment ?? before.deployment,
  disk: wanted.disk ?? before.disk,
  template: wanted.template ?? before.template,
})

/** What Key Vault calls a vault's promise to undo deletions (`DeletionRecoveryLevel`): the full 90 days, or fewer ("customized"). */
export const recoveryLevel = ({
  retentionDays,
  purgeProtection,
}: Pick<Vault, 'retentionDays' | 'purgeProtection'>): string =>
  `${retentionDays === 90 ? 'Recoverable' : 'CustomizedRecoverable'}${purgeProtection ? '' : '+Purgeable'}`
