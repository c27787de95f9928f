import type { VaultBody } from '@cardea/contract/management/vaults'
import { Fault } from '#base/fault.ts'
import type { AccessPolicy } from '#core/access/permission-model.ts'
import type { DeletedVault } from '#core/resources/vault-life.ts'
import type { ModelDraft, ModelledVault } from '#core/resources/vaults.ts'
import { rangeFrom } from '#core/vaults/network.ts'
import { lastIn } from '#core/vaults/resource-id.ts'
import type { ManagedVault, Network, VaultDraft } from '#core/vaults/vault.ts'
import type { Call } from '../../plane.ts'
import type { Listable } from '../replies.ts'

type Properties = NonNullable<VaultBody['properties']>
export type VaultUrl = { readonly vaultUrl: (name: string) => string }

/** Their words into ours. */
export function draftFrom({ location, tags, properties = {} as Properties }: VaultBody, tenant: string): VaultDraft {
  const { tenantId, networkAcls, publicNetworkAccess } = properties
  if (tenantId !== undefined && tenantId.toLowerCase() !== tenant) {
    throw new Fault('invalid', `The tenant '${tenantId}' is not the tenant of this subscription, '${tenant}'.`, {
      arm: 'BadRequest',
    })
  }
  return {
    location,
    tags,
    sku: properties.sku?.name,
    softDelete: properties.enableSoftDelete,
    retentionDays: properties.softDeleteRetentionInDays,
    purgeProtection: properties.enablePurgeProtection,
    network: networkAcls && networkFrom(networkAcls),
    publicAccess: publicNetworkAccess && publicNetworkAccess === 'Enabled',
    enabledFor: {
      deployment: properties.enabledForDeployment,
      disk: properties.enabledForDiskEncryption,
      template: properties.enabledForTemplateDeployment,
    },
  }
}

function networkFrom(given: NonNullable<Properties['networkAcls']>): Omit<Network, 'publicAccess'> {
  const { bypass = 'AzureServices', defaultAction = 'Allow', ipRules = [], virtualNetworkRules = [] } = given
  return {
    bypass,
    defaultAction,
    ipRules: ipRules.map(({ value }) => {
      const range = rangeFrom(value)
      if (range !== undefined) return range
      throw new Fault('invalid', `'${value}' is not an IP address, nor a range in CIDR notation.`, {
        arm: 'BadRequest',
      })
    }),
    virtualNetworks: virtualNetworkRules.map(({ id }) => id),
  }
}

/** The first api-version whose new vaults go by roles unless they say otherwise; before it, by access policies. */
const rolesSince = '2026-02-01'

/** By which model a new vault goes, and what one that is there changes of it. */
export function modelFrom({ properties = {} as Properties }: VaultBody, tenant: string): ModelDraft {
  const policies = properties.accessPolicies?.map((policy) => policyFrom(policy, tenant))
  return { roles: properties.enableRbacAuthorization, policies }
}

/** What a new vault's model is where its maker doesn't say. */
export const rolesByDefault = ({ query }: Call): boolean => String(query['api-version']).slice(0, 10) >= rolesSince

/** Theirs into ours; one of another tenant names nobody here. */
export function policyFrom(
  { tenantId, objectId, applicationId, permissions }: NonNullable<Properties['accessPolicies']>[number],
  tenant: string,
): AccessPolicy {
  if (tenantId.toLowerCase() !== tenant) {
    throw new Fault('invalid', `An access policy must be of the tenant '${tenant}'.`, { arm: 'BadRequest' })
  }
  return {
    tenantId,
    objectId: objectId.toLowerCase(),
    ...(applicationId !== undefined && { applicationId: applicationId.toLowerCase() }),
    permissions: Object.fromEntries(Object.entries(permissions).filter(([, words]) => words !== undefined)),
  }
}

/** Ours into theirs. */
export const resourceOf = ({ vault, model }: ModelledVault, tenant: string, { vaultUrl }: VaultUrl): Listable => ({
  id: vault.resourceId,
  name: lastIn(vault.resourceId),
  type: 'Microsoft.KeyVault/vaults',
  location: vault.location,
  tags: vault.tags,
  systemData: {
    createdAt: new Date(vault.created).toISOString(),
    lastModifiedAt: new Date(vault.updated).toISOString(),
  },
  properties: {
    tenantId: tenant,
    sku: { family: 'A', name: vault.sku },
    accessPolicies: model.policies,
    enabledForDeployment: vault.enabledFor.deployment,
    enabledForDiskEncryption: vault.enabledFor.disk,
    enabledForTemplateDeployment: vault.enabledFor.template,
    enableSoftDelete: true,
    softDeleteRetentionInDays: vault.retentionDays,
    enableRbacAuthorization: model.kind === 'roles',
    // Azure leaves it out while it is off: a client that sent false back would be refused once it is on.
    ...(vault.purgeProtection && { enablePurgeProtection: true }),
    networkAcls: networkAclsOf(vault),
    publicNetworkAccess: vault.network.publicAccess ? 'Enabled' : 'Disabled',
    vaultUri: `${vaultUrl(vault.name)}/`,
    provisioningState: 'Succeeded',
  },
})

const networkAclsOf = ({ network }: ManagedVault): object => ({
  bypass: network.bypass,
  defaultAction: network.defaultAction,
  ipRules: network.ipRules.map((value) => ({ value })),
  virtualNetworkRules: network.virtualNetworks.map((id) => ({ id })),
})

/** A deleted vault, as its own resource. */
export function deletedOf(vault: DeletedVault, subscription: string): Listable {
  const { resourceId, location, removal, tags, purgeProtection } = vault
  const name = lastIn(resourceId)
  return {
    id: `/subscriptions/${subscription}/providers/Microsoft.KeyVault/locations/${location}/deletedVaults/${name}`,
    name,
    type: 'Microsoft.KeyVault/deletedVaults',
    properties: {
      vaultId: resourceId,
      location,
      tags,
      deletionDate: new Date(removal.deleted).toISOString(),
      scheduledPurgeDate: new Date(removal.purge).toISOString(),
      ...(purgeProtection && { purgeProtectionEnabled: true }),
    },
  }
}
