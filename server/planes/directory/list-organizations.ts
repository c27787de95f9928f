import * as contract from '@cardea/contract/directory/organization'
import { directoryResource } from '../tenancy.ts'
import { directoryRoute } from './directory-route.ts'

export default () =>
  directoryRoute(contract.listOrganizations, {
    resource: () => directoryResource,
    async run(_scope, { subject: { tenant } }) {
      return { value: [{ id: tenant, displayName: 'Cardea', verifiedDomains: [], tenantType: 'AAD' }] }
    },
  })
