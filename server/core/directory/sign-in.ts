import type { Turn } from '#base/database.ts'
import type { Application } from '#core/identity/application.ts'
import { fitsRedirect } from '#core/identity/sign-in-client.ts'
import { allowSignIn, forbidSignIn } from '#core/identity/sign-in-clients.ts'
import type { Keyring } from '#core/sealing/keyring.ts'

/** The kinds of redirect URIs that Graph tells apart. */
const kinds = ['web', 'spa', 'publicClient'] as const

const redirectsIn = (details: Application['details'], kind: (typeof kinds)[number]): string[] => {
  const { redirectUris } = (details[kind] ?? {}) as { readonly redirectUris?: unknown }
  return Array.isArray(redirectUris) ? redirectUris.filter((uri) => typeof uri === 'string' && fitsRedirect(uri)) : []
}

/**
 * Lets people sign in to an application as its registration says, by the principal that stands for it: where it has
 * redirect URIs, or says that it is a public client. One with an address on the web proves itself with a secret; a
 * program on somebody's own machine, or a page's own code, can't keep one. Addresses of other kinds are kept and given
 * back, and nobody is sent to them.
 */
export async function keepSignIn(
  turn: Turn,
  keyring: Keyring,
  { details, principal }: Pick<Application, 'details' | 'principal'>,
): Promise<void> {
  if (principal === undefined) return
  const redirects = [...new Set(kinds.flatMap((kind) => redirectsIn(details, kind)))]
  const open = redirectsIn(details, 'web').length === 0
  if (redirects.length === 0 && details.isFallbackPublicClient !== true) await forbidSignIn(turn, principal)
  else await allowSignIn(turn, keyring, principal, { open, redirects })
}
