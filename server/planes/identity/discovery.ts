import { json } from '#base/media-types.ts'
import type { Bare } from '../http/served.ts'
import type { Answer } from '../plane.ts'
import type { IdentityServices } from './services.ts'

/**
 * OpenID discovery in the forms that clients ask for (OpenID Connect Discovery 4). The tenant `adfs`, `common` and
 * `organizations` mean the only tenant there is; the token endpoint always names it by its id.
 */
export function discovery({ loginUrl, tenant, tokens, clock }: IdentityServices): readonly Bare[] {
  const document = JSON.stringify({
    issuer: `${loginUrl}/${tenant}/v2.0`,
    authorization_endpoint: `${loginUrl}/${tenant}/oauth2/v2.0/authorize`,
    token_endpoint: `${loginUrl}/${tenant}/oauth2/v2.0/token`,
    jwks_uri: `${loginUrl}/${tenant}/discovery/v2.0/keys`,
    device_authorization_endpoint: `${loginUrl}/${tenant}/oauth2/v2.0/devicecode`,
    userinfo_endpoint: `${loginUrl}/oidc/userinfo`,
    end_session_endpoint: `${loginUrl}/${tenant}/oauth2/v2.0/logout`,
    response_types_supported: ['code'],
    response_modes_supported: ['query'],
    grant_types_supported: [
      'client_credentials',
      'authorization_code',
      'refresh_token',
      'password',
      'urn:ietf:params:oauth:grant-type:device_code',
    ],
    code_challenge_methods_supported: ['S256'],
    authorization_response_iss_parameter_supported: true,
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
    token_endpoint_auth_methods_supported: ['client_secret_post', 'client_secret_basic', 'private_key_jwt', 'none'],
    token_endpoint_auth_signing_alg_values_supported: ['RS256', 'PS256'],
    scopes_supported: ['openid', 'profile', 'email', 'offline_access'],
    claims_supported: [
      'sub',
      'oid',
      'tid',
      'iss',
      'aud',
      'exp',
      'iat',
      'nonce',
      'name',
      'preferred_username',
      'upn',
      'sid',
    ],
    tenant_region_scope: 'local',
  })
  const show = async (): Promise<Answer> => ({ status: 200, headers, body: document })
  const keys = async (): Promise<Answer> => ({
    status: 200,
    headers,
    body: JSON.stringify(await tokens.keySet(clock())),
  })
  const paths = [
    '/:tenant/v2.0/.well-known/openid-configuration',
    '/:tenant/.well-known/openid-configuration',
    '/adfs/:tenant/.well-known/openid-configuration',
    '/adfs/:tenant/v2.0/.well-known/openid-configuration',
    '/adfs/t/:tenant/.well-known/openid-configuration',
  ]
  return [
    ...paths.map((path): Bare => ({ plane: 'identity', method: 'GET', path, answer: onlyOurs(tenant, show) })),
    { plane: 'identity', method: 'GET', path: '/:tenant/discovery/v2.0/keys', answer: onlyOurs(tenant, keys) },
    {
      plane: 'identity',
      method: 'GET',
      path: '/common/discovery/instance',
      answer: async () => instance(loginUrl, tenant),
    },
  ]
}

const headers = {
  'content-type': json,
  'cache-control': 'max-age=300',
  'access-control-allow-origin': '*',
}

const instance = (loginUrl: string, tenant: string): Answer => ({
  status: 200,
  headers,
  body: JSON.stringify({
    tenant_discovery_endpoint: `${loginUrl}/${tenant}/v2.0/.well-known/openid-configuration`,
    'api-version': '1.1',
    metadata: [],
  }),
})

const aliases = new Set(['adfs', 'common', 'organizations', 't'])
/** Whether a path names our tenant: by its id, or in one of the ways of those who don't know it. */
export const isOurTenant = (tenant: string, named: string | undefined): boolean =>
  named === undefined || aliases.has(named.toLowerCase()) || named.toLowerCase() === tenant

const onlyOurs =
  (tenant: string, answer: () => Promise<Answer>): Bare['answer'] =>
  async ({ params }) =>
    isOurTenant(tenant, params.tenant)
      ? answer()
      : {
          status: 400,
          headers: { ...headers, 'cache-control': 'no-store' },
          body: JSON.stringify({
            error: 'invalid_tenant',
            error_description: `AADSTS90002: Tenant '${String(params.tenant)
              .slice(0, 64)
              .replace(/[^\w.-]/g, '?')}' not found. Check to make sure you have the correct tenant ID.`,
            error_codes: [90002],
          }),
        }
