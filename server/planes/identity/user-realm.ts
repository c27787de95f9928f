import type { Bare } from '../http/served.ts'
import { fresh } from './refusal.ts'
import type { IdentityServices } from './services.ts'

/**
 * What kind of account a name is, which MSAL asks before it sends a password: all are kept here. It is the same answer
 * for every name, so it tells nobody which exist.
 */
export const userRealm = ({ loginUrl }: IdentityServices): readonly Bare[] => [
  {
    plane: 'identity',
    method: 'GET',
    path: '/common/userrealm/:name',
    answer: async () => ({
      status: 200,
      headers: fresh,
      body: JSON.stringify({
        ver: '1.0',
        account_type: 'Managed',
        cloud_instance_name: new URL(loginUrl).hostname,
        cloud_audience_urn: 'urn:federation:MicrosoftOnline',
      }),
    }),
  },
]
