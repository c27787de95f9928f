import type { FaultCode } from '#base/fault.ts'
import { stranger } from '#core/identity/caller.ts'
import type { Principal } from '#core/identity/principal.ts'
import { attest } from '#core/perform.ts'
import type { Call } from '../plane.ts'
import type { Refusal } from './refusal.ts'
import type { IdentityServices } from './services.ts'

type Operation = 'TokenIssue' | 'DeviceCodeIssue' | 'SignIn' | 'SignOut' | 'UserInfo'
type Given = { readonly principal: Pick<Principal, 'objectId'>; readonly appId: string }

/** Keeps who was given a token or signed in. */
export const attested = (services: IdentityServices, call: Call, operation: Operation, given: Given): Promise<void> =>
  kept(services, call, operation, { objectId: given.principal.objectId, appId: given.appId }, 'done')

/** Keeps that nobody was, and why, unless it is only that the person hasn't answered yet. */
export async function attestedRefusal(
  services: IdentityServices,
  call: Call,
  operation: Operation,
  { status, error }: Pick<Refusal, 'status' | 'error'>,
): Promise<void> {
  if (waiting.has(error)) return
  await kept(services, call, operation, stranger, faults[error] ?? faultsByStatus[status] ?? 'invalid')
}

/** What a program is told that asks again and again (RFC 8628 3.5). */
const waiting: ReadonlySet<string> = new Set(['authorization_pending', 'slow_down'])

/**
 * OAuth's words for refusals in ours: whose proof was wrong counts as unauthenticated, also while guesses are held back, so
 * that an alert about refusals sees all of somebody who guesses.
 */
const faults: Readonly<Record<string, FaultCode>> = {
  invalid_grant: 'unauthenticated',
  invalid_client: 'unauthenticated',
  invalid_token: 'unauthenticated',
  bad_verification_code: 'unauthenticated',
  unauthorized_client: 'forbidden',
  access_denied: 'forbidden',
  authorization_declined: 'forbidden',
}
const faultsByStatus: Readonly<Record<number, FaultCode>> = {
  401: 'unauthenticated',
  403: 'forbidden',
  429: 'throttled',
  503: 'unavailable',
}

const kept = (
  { base, tenant }: IdentityServices,
  { circumstances }: Call,
  operation: Operation,
  caller: { readonly objectId: string; readonly appId: string },
  outcome: 'done' | FaultCode,
): Promise<void> => attest(base, { operation, resource: `/tenants/${tenant}`, caller, circumstances }, outcome)
