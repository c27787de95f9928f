import type { Principal } from '#core/identity/principal.ts'
import type { SignInClient } from '#core/identity/sign-in-client.ts'
import { signInClientOf } from '#core/identity/sign-in-clients.ts'
import { bringsProof, namedClient, provenClient } from './client.ts'
import type { Asked } from './grants/grant.ts'
import { clean, Refusal } from './refusal.ts'
import type { IdentityServices } from './services.ts'

/** An application by which people sign in. */
export type Named = { readonly principal: Principal; readonly client: SignInClient }

/** The application that a request for a person's sign-in names; whether it is itself is asked later, if it can prove it. */
export async function namedSignInClient(services: IdentityServices, form: URLSearchParams): Promise<Named> {
  const principal = await namedClient(services, form)
  const client = await signInClientOf(services.base.database.read, services.keyring, principal.objectId)
  if (client === undefined) {
    throw new Refusal(
      400,
      'unauthorized_client',
      65005,
      `The application '${clean(principal.appId)}' is not set up to sign people in.`,
    )
  }
  return { principal, client }
}

/** The same at the token endpoint: one that has a secret proves itself, one that can't have one doesn't. */
export async function provenSignInClient({ services, form, call }: Asked): Promise<Principal> {
  const { principal, client } = await namedSignInClient(services, form)
  if (!client.open || bringsProof(form)) await provenClient({ services, form, address: call.circumstances.address })
  return principal
}
