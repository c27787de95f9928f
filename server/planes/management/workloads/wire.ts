import type { Workload } from '#core/directory/workloads.ts'
import type { Entry } from '#core/identity/entry.ts'
import { lastIn } from '#core/vaults/resource-id.ts'
import type { Call } from '../../plane.ts'
import type { Tenancy } from '../../tenancy.ts'
import { theGroup } from '../ids.ts'

/** Resource ids and answers of workloads, and of the identity that a resource has of its own. */
const type = 'Cardea.Workload/workloads'

/** The resource id of the workload that a path is about. */
export const workloadOf = (params: Call['params'], tenancy: Tenancy): string =>
  `${theGroup(params, tenancy)}/providers/${type}/${params.workload}`

type Given = { readonly type: 'None' | 'SystemAssigned' } | undefined
/** Whether somebody wants an identity; undefined where they don't say. */
export const identifiedBy = (identity: Given): boolean | undefined => identity && identity.type === 'SystemAssigned'

/** A workload as Resource Manager shows it. */
export const resourceOf = (
  { resourceId, location, tags, identity, created, updated }: Workload,
  tenant: string,
): object => ({
  id: resourceId,
  name: lastIn(resourceId),
  type,
  location,
  tags,
  identity:
    identity === undefined
      ? { type: 'None' }
      : { type: 'SystemAssigned', principalId: identity.objectId, tenantId: tenant },
  systemData: { createdAt: new Date(created).toISOString(), lastModifiedAt: new Date(updated).toISOString() },
  properties: { provisioningState: 'Succeeded' },
})

const identities = 'Microsoft.ManagedIdentity/identities'

type Owned = { readonly workload: Workload; readonly identity: Entry }
/** The identity that a workload has of its own. */
export const systemIdentityOf = ({ workload, identity }: Owned, tenant: string): object => ({
  id: `${workload.resourceId}/providers/${identities}/default`,
  name: 'default',
  type: identities,
  location: workload.location,
  tags: workload.tags,
  properties: { tenantId: tenant, principalId: identity.objectId, clientId: identity.appId },
})
