import { mayUseAssertion } from '#core/identity/assertions.ts'
import { certificatesOf, passwordOutcome, principalByApp, principalEnabled } from '#core/identity/directory.ts'
import { beginAttempt } from '#core/identity/failures.ts'
import { federatedCredentialsOf } from '#core/identity/federated-credentials.ts'
import { type FederatedOutcome, federatedOutcome } from '#core/identity/federation.ts'
import type { Principal } from '#core/identity/principal.ts'
import { tokenStands } from '#core/identity/standing.ts'
import { type AssertionOutcome, assertionOutcome, issuerOf } from './assertion.ts'
import { isOurTenant } from './discovery.ts'
import { clean, missing, Refusal } from './refusal.ts'
import type { IdentityServices } from './services.ts'

/** An application that proved itself, and the credential that did it. */
export type ProvenClient = { readonly principal: Principal; readonly credential: string }
type Proving = { readonly services: IdentityServices; readonly form: URLSearchParams; readonly address: string }

/** The application that a request names. */
export async function namedClient({ base, keyring }: IdentityServices, form: URLSearchParams): Promise<Principal> {
  const assertion = form.get('client_assertion')?.trim()
  const appId = (form.get('client_id') ?? (assertion === undefined ? undefined : issuerOf(assertion)))?.toLowerCase()
  if (appId === undefined || appId === '') throw missing('client_id')
  const principal = appId.length > 64 ? undefined : await principalByApp(base.database.read, keyring, appId)
  // A managed identity has no secret of its own; a token of another issuer may prove it where it was told so.
  const kinds: readonly Principal['kind'][] =
    assertion === undefined ? ['application'] : ['application', 'managed-identity']
  if (principal === undefined || !kinds.includes(principal.kind)) {
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
  if (proving.form.get('client_assertion_type') !== jwtBearer) {
    throw new Refusal(400, 'invalid_request', 90014, `The 'client_assertion_type' must be '${jwtBearer}'.`)
  }
  if (assertion.length > assertionLengthMax) throw wrongAssertion('wrong')
  return issuerOf(assertion)?.toLowerCase() === principal.appId
    ? byOwnSignature(proving, principal, assertion)
    : byForeignToken(proving.services, principal, assertion)
}

async function byOwnSignature(
  { services, address }: Proving,
  principal: Principal,
  assertion: string,
): Promise<string> {
  const { base, keyring, clock } = services
  const at = clock()
  const certificates = await certificatesOf(base.database.read, keyring, principal, at)
  const outcome = await assertionOutcome(assertion, principal.appId, certificates, ours(services), at)
  if (typeof outcome === 'string') throw wrongAssertion(outcome)
  const use = { issuer: principal.appId, id: outcome.id, assertion, address, ends: outcome.ends }
  if (!(await base.database.write((turn) => mayUseAssertion(turn, keyring, use)))) throw wrongAssertion('replayed')
  return outcome.credential
}

/** A workload sends the same token for as long as it lives, so unlike what a program signs itself it isn't used up. */
async function byForeignToken(services: IdentityServices, principal: Principal, assertion: string): Promise<string> {
  const { base, keyring, clock, issuers, tokens } = services
  const at = clock()
  const sql = base.database.read
  const credentials = await federatedCredentialsOf(sql, keyring, principal.objectId)
  const keysOf = (issuer: string) => (issuer === tokens.issuer ? tokens.keysAt(at) : issuers.keysOf(issuer))
  const outcome = await federatedOutcome(assertion, credentials, keysOf, at)
  if (typeof outcome === 'string') throw wrongAssertion(outcome)
  const { iss, oid, crd } = outcome.claims
  // A token of our own may have been taken back, or its bearer been switched off.
  if (iss === tokens.issuer) {
    const stands =
      typeof oid === 'string' &&
      (await principalEnabled(sql, keyring, oid)) &&
      (typeof crd !== 'string' || (await tokenStands(sql, keyring, oid, crd)))
    if (!stands) throw wrongAssertion('wrong')
  }
  return outcome.credential
}

/** Whether an assertion is meant for us: any name of our token endpoint, or the tenant itself. */
const ours =
  ({ loginUrl, tenant }: IdentityServices) =>
  (audience: string): boolean =>
    audience.startsWith(`${loginUrl}/`) && isOurTenant(tenant, audience.slice(loginUrl.length + 1).split('/')[0])

type WrongAssertion = Extract<AssertionOutcome | FederatedOutcome, string> | 'replayed'

const assertionRefusals: { readonly [outcome in WrongAssertion]: readonly [number, string] } = {
  expired: [700024, 'Client assertion is not within its valid time range.'],
  replayed: [700027, 'Client assertion was used before, from elsewhere.'],
  wrong: [700027, 'Client assertion failed signature validation.'],
  'unknown-certificate': [
    700027,
    'The certificate with the identifier used to sign the client assertion is not registered on the application.',
  ],
  unmatched: [
    700213,
    'No federated identity credential of the application has the issuer, subject and audience of the assertion.',
  ],
  unlisted: [700212, 'The issuer of the assertion is not one of those that this installation was set up to believe.'],
  unreachable: [50166, 'The keys of the issuer of the assertion can’t be read now.'],
}

function wrongAssertion(outcome: WrongAssertion): Refusal {
  const [number, words] = assertionRefusals[outcome]
  return outcome === 'unreachable'
    ? new Refusal(503, 'temporarily_unavailable', number, words, 60)
    : new Refusal(401, 'invalid_client', number, words)
}
