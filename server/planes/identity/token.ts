import { faultOf } from '#base/fault.ts'
import { stranger } from '#core/identity/caller.ts'
import { certificatesOf, passwordOutcome, principalByApp } from '#core/identity/directory.ts'
import type { Principal } from '#core/identity/principal.ts'
import { tokenLifeSeconds } from '#core/identity/tokens.ts'
import { attest } from '#core/perform.ts'
import type { Answer, Call } from '../plane.ts'
import { assertionOutcome, issuerOf } from './assertion.ts'
import { isOurTenant } from './discovery.ts'
import type { IdentityServices } from './services.ts'

/** A refusal in OAuth's form (RFC 6749 5.2) with Entra's number, which `az` prints. */
class Refusal extends Error {
  readonly status: number
  readonly error: string
  readonly number: number
  constructor(status: number, error: string, number: number, words: string) {
    super(words)
    this.status = status
    this.error = error
    this.number = number
  }
}

/** The token endpoint: client credentials, proved by a secret or by an assertion signed with a certificate. */
export const token =
  (services: IdentityServices) =>
  async (call: Call): Promise<Answer> => {
    const { base, tenant, clock } = services
    let principal: Principal | undefined
    const attempt = (outcome: string) =>
      attest(
        base,
        {
          operation: 'TokenIssue',
          resource: `/tenants/${tenant}`,
          caller: principal === undefined ? stranger : { objectId: principal.objectId, appId: principal.appId },
          circumstances: call.circumstances,
        },
        outcome,
      )
    try {
      const form = formOf(call)
      if (!isOurTenant(tenant, call.params.tenant)) {
        throw new Refusal(
          400,
          'invalid_request',
          90002,
          `Tenant '${clean(call.params.tenant)}' not found. Check to make sure you have the correct tenant ID.`,
        )
      }
      const audience = audienceOf(form)
      const proven = await prove(services, form)
      principal = proven.principal
      const accessToken = await services.tokens.mint(proven.principal, audience, clock(), proven.credential)
      await attempt('done')
      return {
        status: 200,
        headers: fresh,
        body: JSON.stringify({
          token_type: 'Bearer',
          expires_in: tokenLifeSeconds,
          ext_expires_in: tokenLifeSeconds,
          access_token: accessToken,
        }),
      }
    } catch (error) {
      if (!(error instanceof Refusal)) {
        const { code } = faultOf(error)
        if (code === 'unavailable')
          return oauth(503, 'temporarily_unavailable', 90033, 'A transient error has occurred. Please try again.', call)
        throw error
      }
      await attempt(error.error)
      return oauth(error.status, error.error, error.number, error.message, call)
    }
  }

const fresh = {
  'content-type': 'application/json; charset=utf-8',
  'cache-control': 'no-store, no-cache',
  pragma: 'no-cache',
}

function oauth(
  status: number,
  error: string,
  number: number,
  words: string,
  { requestId, circumstances }: Call,
): Answer {
  const body = {
    error,
    error_description: `AADSTS${number}: ${words} Trace ID: ${requestId} Correlation ID: ${circumstances.correlation || requestId}`,
    error_codes: [number],
    timestamp: new Date().toISOString().replace('T', ' ').slice(0, 19).concat('Z'),
    trace_id: requestId,
    correlation_id: circumstances.correlation || requestId,
  }
  return { status, headers: fresh, body: JSON.stringify(body) }
}

/** What a stranger sent, short and without anything that could pretend to be another line. */
const clean = (text: string | undefined): string => (text ?? '').slice(0, 64).replace(/[^\w.:/-]/g, '?')

function formOf({ body, headers }: Call): URLSearchParams {
  const type = String(headers['content-type'] ?? '').toLowerCase()
  if (body === undefined || !type.startsWith('application/x-www-form-urlencoded')) {
    throw new Refusal(
      400,
      'invalid_request',
      900144,
      "The request body must contain the following parameter: 'grant_type'.",
    )
  }
  const form = new URLSearchParams(body.toString('utf8'))
  const names = new Set<string>()
  // A parameter that comes twice is an attack or a mistake (RFC 6749 3.2).
  const twice = [...form.keys()].find((name) => names.size === names.add(name).size)
  if (twice !== undefined)
    throw new Refusal(400, 'invalid_request', 900144, `The parameter '${clean(twice)}' is given twice.`)
  return form
}

/** The audience of `scope=<audience>/.default`: exactly `/.default` is taken off, a slash before it stays. */
function audienceOf(form: URLSearchParams): string {
  if (form.get('grant_type') !== 'client_credentials') {
    throw new Refusal(
      400,
      'unsupported_grant_type',
      70003,
      `The app requested an unsupported grant type '${clean(form.get('grant_type') ?? '')}'.`,
    )
  }
  const scope = form.get('scope')?.trim() ?? ''
  if (!scope.endsWith('/.default') || /\s/.test(scope) || scope.length > 512) {
    throw new Refusal(
      400,
      'invalid_scope',
      70011,
      `The provided value for scope ${clean(scope)} is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier.`,
    )
  }
  return scope.slice(0, -'/.default'.length)
}

/** Who it is, and by which credential. */
type Proven = { readonly principal: Principal; readonly credential: string }

async function prove(
  { base, keyring, loginUrl, clock, tenant }: IdentityServices,
  form: URLSearchParams,
): Promise<Proven> {
  const assertion = form.get('client_assertion')?.trim()
  const appId = (form.get('client_id') ?? (assertion === undefined ? undefined : issuerOf(assertion)))?.toLowerCase()
  if (appId === undefined || appId === '') {
    throw new Refusal(
      400,
      'invalid_request',
      900144,
      "The request body must contain the following parameter: 'client_id'.",
    )
  }
  const principal = await principalByApp(base.database.read, appId)
  if (principal === undefined || principal.kind !== 'application') {
    throw new Refusal(
      400,
      'unauthorized_client',
      700016,
      `Application with identifier '${clean(appId)}' was not found in the directory.`,
    )
  }
  if (!principal.enabled)
    throw new Refusal(400, 'unauthorized_client', 7000112, `Application '${clean(appId)}' is disabled.`)
  if (assertion !== undefined) {
    if (form.get('client_assertion_type') !== 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer') {
      throw new Refusal(
        400,
        'invalid_request',
        90014,
        "The 'client_assertion_type' must be 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'.",
      )
    }
    const certificates = await certificatesOf(base.database.read, keyring, principal, clock())
    const ours = (audience: string) =>
      audience.startsWith(`${loginUrl}/`) && isOurTenant(tenant, audience.slice(loginUrl.length + 1).split('/')[0])
    const outcome = await assertionOutcome(assertion, appId, certificates, ours, clock())
    if (typeof outcome === 'object') return { principal, ...outcome }
    if (outcome === 'expired')
      throw new Refusal(401, 'invalid_client', 700024, 'Client assertion is not within its valid time range.')
    throw new Refusal(
      401,
      'invalid_client',
      700027,
      outcome === 'unknown-certificate'
        ? 'The certificate with the identifier used to sign the client assertion is not registered on the application.'
        : 'Client assertion failed signature validation.',
    )
  }
  const secret = form.get('client_secret') ?? ''
  if (secret === '') {
    throw new Refusal(
      401,
      'invalid_client',
      7000218,
      "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
    )
  }
  const outcome = await passwordOutcome(base.database.read, keyring, principal, secret, clock())
  if (typeof outcome === 'object') return { principal, ...outcome }
  if (outcome === 'expired')
    throw new Refusal(
      401,
      'invalid_client',
      7000222,
      `The provided client secret keys for app '${clean(appId)}' are expired. Create a new one.`,
    )
  throw new Refusal(
    401,
    'invalid_client',
    7000215,
    `Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '${clean(appId)}'.`,
  )
}
