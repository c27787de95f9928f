import { stranger } from '#core/identity/caller.ts'
import type { Principal } from '#core/identity/principal.ts'
import { attest } from '#core/perform.ts'
import type { Call } from '../plane.ts'
import type { IdentityServices } from './services.ts'

/** Keeps who was given a token or signed in, or that nobody was. */
export const attested = (
  { base, tenant }: IdentityServices,
  { circumstances }: Call,
  operation: 'TokenIssue' | 'DeviceCodeIssue' | 'SignIn' | 'SignOut' | 'UserInfo',
  given: { readonly principal: Pick<Principal, 'objectId'>; readonly appId: string } | undefined,
  outcome: string,
): Promise<void> =>
  attest(
    base,
    {
      operation,
      resource: `/tenants/${tenant}`,
      caller: given === undefined ? stranger : { objectId: given.principal.objectId, appId: given.appId },
      circumstances,
    },
    outcome,
  )
