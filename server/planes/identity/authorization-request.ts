import type { Principal } from '#core/identity/principal.ts'
import { isRegistered } from '#core/identity/sign-in-client.ts'
import { needed } from './form.ts'
import { Refusal } from './refusal.ts'
import { delegatedScope } from './scope.ts'
import type { IdentityServices } from './services.ts'
import { namedSignInClient } from './sign-in-client.ts'

/** What a person's browser was sent with, once it is known to whom the answer may go (RFC 6749 4.1.1). */
export type AuthorizationRequest = {
  readonly client: Principal
  /** One of the application's own addresses. */
  readonly redirect: string
  readonly state: string | undefined
  readonly fields: URLSearchParams
}
/** The part of it that a code stands for. */
export type Wanted = { readonly challenge: string; readonly scope: string; readonly nonce: string | undefined }

/** The fields that a request may have; they go through the sign-in form and are looked at again behind it. */
export const requestFields = [
  'client_id',
  'redirect_uri',
  'response_type',
  'response_mode',
  'scope',
  'state',
  'nonce',
  'code_challenge',
  'code_challenge_method',
  'prompt',
] as const

/** Who asks, and where to answer. What is wrong with these is told to the person: the address may be a thief's. */
export async function authorizationRequest(
  services: IdentityServices,
  fields: URLSearchParams,
): Promise<AuthorizationRequest> {
  const { principal, client } = await namedSignInClient(services, fields)
  const redirect = needed(fields, 'redirect_uri')
  if (!isRegistered(client, redirect)) {
    throw new Refusal(
      400,
      'invalid_request',
      50011,
      'The redirect URI of the request is not one of those that are registered for the application.',
    )
  }
  const state = fields.get('state') ?? undefined
  if ((state ?? '').length > 2048)
    throw new Refusal(400, 'invalid_request', 90014, "The parameter 'state' is too long.")
  return { client: principal, redirect, state, fields }
}

/** What is asked. What is wrong with it is told to the application, in a redirect. */
export function wantedBy({ fields }: AuthorizationRequest, { graphUrl }: IdentityServices): Wanted {
  if (fields.get('response_type') !== 'code')
    throw new Refusal(400, 'unsupported_response_type', 700054, "The 'response_type' must be 'code'.")
  if ((fields.get('response_mode') ?? 'query') !== 'query')
    throw new Refusal(400, 'invalid_request', 70007, "The 'response_mode' must be 'query'.")
  const challenge = fields.get('code_challenge') ?? ''
  if (fields.get('code_challenge_method') !== 'S256' || !/^[\w-]{43}$/.test(challenge)) {
    throw new Refusal(
      400,
      'invalid_request',
      9002325,
      "Proof Key for Code Exchange is required: 'code_challenge' with 'code_challenge_method' S256.",
    )
  }
  const scope = fields.get('scope') ?? ''
  delegatedScope(scope, graphUrl)
  const nonce = fields.get('nonce') ?? undefined
  if ((nonce ?? '').length > 512) throw new Refusal(400, 'invalid_request', 90014, "The parameter 'nonce' is too long.")
  if (fields.get('prompt') === 'none')
    throw new Refusal(400, 'login_required', 50058, 'Somebody has to sign in: no sign-in is remembered here.')
  return { challenge, scope, nonce }
}
