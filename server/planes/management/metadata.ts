import { json } from '#base/media-types.ts'
import type { Hosts } from '../http/hosts.ts'
import type { Bare } from '../http/served.ts'

const headers = { 'content-type': json, 'cache-control': 'no-cache' }

/**
 * Where everything is, for clients that know no more than this one URL, and so without a token. Its shape follows the
 * api-version: a list before 2022-09-01, one object from then on, and few words before 2019: az 2.45 and 2.74 read no other.
 */
export const metadata = (hosts: Hosts, tenant: string): Bare => ({
  plane: 'management',
  method: 'GET',
  path: '/metadata/endpoints',
  async answer({ query }) {
    const version = query['api-version']
    if (typeof version !== 'string') {
      const error = {
        code: 'MissingApiVersionParameter',
        message: 'The api-version query parameter (?api-version=) is required for all requests.',
      }
      return { status: 400, headers, body: JSON.stringify({ error }) }
    }
    const body =
      version < '2019-01-01' ? oldest(hosts) : version < '2022-09-01' ? [cloud(hosts, tenant)] : cloud(hosts, tenant)
    return { status: 200, headers, body: JSON.stringify(body) }
  },
})

/** The authority that makes clients skip Microsoft's own directory of authorities. */
const loginEndpoint = ({ loginUrl }: Hosts): string => `${loginUrl}/adfs/t`

const oldest = (hosts: Hosts): object => ({
  galleryEndpoint: '',
  graphEndpoint: `${hosts.graphUrl}/`,
  portalEndpoint: '',
  authentication: { loginEndpoint: loginEndpoint(hosts), audiences: [`${hosts.managementUrl}/`] },
})

const cloud = (hosts: Hosts, tenant: string): object => ({
  name: 'Cardea',
  portal: '',
  authentication: {
    loginEndpoint: loginEndpoint(hosts),
    audiences: [`${hosts.managementUrl}/`],
    tenant,
    identityProvider: 'ADFS',
  },
  media: '',
  graphAudience: `${hosts.graphUrl}/`,
  graph: `${hosts.graphUrl}/`,
  microsoftGraphResourceId: `${hosts.graphUrl}/`,
  resourceManager: `${hosts.managementUrl}/`,
  suffixes: {
    keyVaultDns: hosts.vaultUrl('').replace('https://', ''),
    mhsmDns: hosts.vaultUrl('').replace('https://.vault', '.managedhsm'),
  },
})
