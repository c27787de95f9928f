import { mayUseAssertion } from '#core/identity/assertions.ts'
import { certificatesOf, passwordOutcome, principalByApp } from '#core/identity/directory.ts'
import { beginAttempt } from '#core/identity/failures.ts'
import type { Principal } from '#core/identity/principal.ts'
import { assertionOutcome, issuerOf } from './assertion.ts'
import { isOurTenant } from './discovery.ts'
import { clean, missing, Refusal } from './refusal.ts'
import type { IdentityServices } from './services.ts'

/** An application that proved itself, and the credential that did it. */
export type ProvenClient = { readonly principal: Principal; readonly credential: string }
type Proving = { readonly services: IdentityServices; readonly form: URLSearchParams; readonly address: string }

/** The application that a request names. */
export async function namedClient({ base }: IdentityServices, form: URLSearchParams): Promise<Principal> {
  const assertion = form.get('client_assertion')?.trim()
  const appId = (form.get('client_id') ?? (assertion === undefined ? undefined : issuerOf(assertion)))?.toLowerCase()
  if (appId === undefined || appId === '') throw missing('client_id')
  const principal = appId.length > 64 ? undefined : await principalByApp(base.database.read, appId)
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
  return principal
}

/** Whether a request brings something that would prove its application. */
export const bringsProof = (form: URLSearchParams): boolean =>
  form.has('client_assertion') || (form.get('client_secret') ?? '') !== ''

/** The application behind a request, proved by a secret or by a signed assertion. */
export async function provenClient(proving: Proving): Promise<ProvenClient> {
  const principal = await namedClient(proving.services, proving.form)
  const assertion = proving.form.get('client_assertion')?.trim()
  const credential =
    assertion === undefined ? await bySecret(proving, principal) : await byAssertion(proving, principal, assertion)
  return { principal, credential }
}

/**
 * A secret of ours is 240 random bits: guessing is hopeless, so a right one is taken however many wrong ones came
 * before. Otherwise whoever knows an application's id could shut it out. Only wrong ones are told to slow down.
 */
async function bySecret({ services, form, address }: Proving, principal: Principal): Promise<string> {
  const { base, keyring, clock } = services
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
  if (typeof outcome === 'object') return outcome.credential
  if (outcome === 'expired')
    throw new Refusal(
      401,
      'invalid_client',
      7000222,
      `The provided client secret keys for app '${clean(principal.appId)}' are expired. Create a new one.`,
    )
  const attempt = { kind: 'application', name: principal.objectId, address } as const
  const pauseMs = await base.database.write((turn) => beginAttempt(turn, keyring, attempt))
  if (pauseMs > 0) throw tooMany(pauseMs)
  throw new Refusal(
    401,
    'invalid_client',
    7000215,
    `Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '${clean(principal.appId)}'.`,
  )
}

/** Somebody guesses: in Entra's words for it, and when to come again. */
export const tooMany = (pauseMs: number): Refusal =>
  new Refusal(
    429,
    'invalid_grant',
    50053,
    'Too many attempts with wrong credentials were made from here. Wait before you try again.',
    Math.ceil(pauseMs / 1000),
  )

const jwtBearer = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const assertionLengthMax = 16_384

async function byAssertion(proving: Proving, principal: Principal, assertion: string): Promise<string> {
  const { services, form, address } = proving
  const { base, keyring, clock } = services
  if (form.get('client_assertion_type') !== jwtBearer) {
    throw new Refusal(400, 'invalid_request', 90014, `The 'client_assertion_type' must be '${jwtBearer}'.`)
  }
  const at = clock()
  if (assertion.length > assertionLengthMax) throw wrongAssertion('wrong')
  const certificates = await certificatesOf(base.database.read, keyring, principal, at)
  const outcome = await assertionOutcome(assertion, principal.appId, certificates, ours(services), at)
  if (typeof outcome === 'string') throw wrongAssertion(outcome)
  const use = { issuer: principal.appId, id: outcome.id, assertion, address, ends: outcome.ends }
  if (!(await base.database.write((turn) => mayUseAssertion(turn, keyring, use)))) throw wrongAssertion('replayed')
  return outcome.credential
}

/** Whether an assertion is meant for us: any name of our token endpoint, or the tenant itself. */
const ours =
  ({ loginUrl, tenant }: IdentityServices) =>
  (audience: string): boolean =>
    audience.startsWith(`${loginUrl}/`) && isOurTenant(tenant, audience.slice(loginUrl.length + 1).split('/')[0])

function wrongAssertion(outcome: 'wrong' | 'expired' | 'unknown-certificate' | 'replayed'): Refusal {
  switch (outcome) {
    case 'expired':
      return new Refusal(401, 'invalid_client', 700024, 'Client assertion is not within its valid time range.')
    case 'replayed':
      return new Refusal(401, 'invalid_client', 700027, 'Client assertion was used before, from elsewhere.')
    case 'unknown-certificate':
      return new Refusal(
        401,
        'invalid_client',
        700027,
        'The certificate with the identifier used to sign the client assertion is not registered on the application.',
      )
    case 'wrong':
      return new Refusal(401, 'invalid_client', 700027, 'Client assertion failed signature validation.')
  }
}
