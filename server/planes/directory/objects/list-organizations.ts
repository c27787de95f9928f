import * as contract from '@cardea/contract/directory/organization'
import { directoryRoute } from '../directory-route.ts'

/** The tenant itself. */
export default (domain: string) =>
  directoryRoute(contract.listOrganizations, async (_sight, { subject: { tenant } }) => ({
    value: [
      {
        id: tenant,
        displayName: 'Cardea',
        verifiedDomains: [{ name: domain, isDefault: true, isInitial: true, type: 'Managed' }],
        tenantType: 'AAD',
      },
    ],
  }))
