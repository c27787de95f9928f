import type { Route } from '../../plane.ts'
import type { Tenancy } from '../../tenancy.ts'
import deleteWorkload from './delete-workload.ts'
import getSystemIdentity from './get-system-identity.ts'
import getWorkload from './get-workload.ts'
import listGroupWorkloads from './list-group-workloads.ts'
import listWorkloads from './list-workloads.ts'
import patchWorkload from './patch-workload.ts'
import putWorkload from './put-workload.ts'

/** Cardea.Workload, and the identities that its resources have of their own. */
export const workloadRoutes = (): readonly Route<Tenancy>[] => [
  listWorkloads(),
  listGroupWorkloads(),
  getWorkload(),
  putWorkload(),
  patchWorkload(),
  deleteWorkload(),
  getSystemIdentity(),
]
