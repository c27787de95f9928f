import type { Caller } from '#core/identity/caller.ts'
import type { Made, Nature } from '#core/keys/key.ts'
import type { Sealing } from '#core/objects/held.ts'
import { keyOfVault, type Vault } from '#core/vaults/vault.ts'
import type { CertificateDraft, Operation } from './certificate.ts'
import { resourceOf } from './holding.ts'
import type { Policy } from './policy.ts'
import { operationRows } from './sealed-rows.ts'

/** An operation with all that it takes to end it, whoever does that, and after whichever crash. */
export type Underway = Operation & {
  readonly policy: Policy
  readonly draft: CertificateDraft
  /** Whether nobody asked but its policy, whose contacts are then told what comes of it. */
  readonly isRenewal: boolean
  /** Who asked for it. */
  readonly by: Pick<Caller, 'objectId' | 'appId'>
  /** The key that is to be certified; gone once it is. */
  readonly made: Made | undefined
}

/** The kind under which a certificate waits for its issuer. */
export const issuing = 'issue-certificate'

type Held = Omit<Underway, 'request' | 'made'> & {
  readonly request: string
  readonly made: (Omit<Nature, 'operations'> & { readonly secret: string }) | undefined
}

const placeOf = (vault: Vault, name: string): string => `${resourceOf(vault, name.toLowerCase())}/pending`

/** What is under way with a name, or has ended and wasn't taken away. */
export async function operationOf(
  { sql, keyring }: Sealing,
  vault: Vault,
  name: string,
): Promise<Underway | undefined> {
  const sealed = await operationRows.sealedFor(sql, vault.name, name)
  if (sealed === undefined) return undefined
  const text = await keyring.unseal(sql, keyOfVault(vault), sealed, placeOf(vault, name))
  const { request, made, ...others } = JSON.parse(text) as Held
  return { ...others, request: Buffer.from(request, 'base64'), made: made && madeFrom(made) }
}

/** Keeps how far an operation is, sealed: the key that waits for its certificate is in it. */
export async function keepOperation({ sql, keyring }: Sealing, vault: Vault, operation: Underway): Promise<void> {
  const { request, made, ...others } = operation
  const held: Held = { ...others, request: Buffer.from(request).toString('base64'), made: made && heldOf(made) }
  const place = placeOf(vault, operation.name)
  const sealed = await keyring.seal(sql, keyOfVault(vault), JSON.stringify(held), place)
  await operationRows.keep(sql, vault.name, operation.name, sealed)
}

const heldOf = ({ custody, key: { shape, publicPart, secret } }: Made) => ({
  ...{ custody, shape, publicPart },
  secret: Buffer.from(secret).toString('base64'),
})
const madeFrom = ({ custody, shape, publicPart, secret }: NonNullable<Held['made']>): Made => ({
  custody,
  key: { shape, publicPart, secret: Buffer.from(secret, 'base64') },
})

/** What callers see of it: nothing of the key. */
export function shownOf(underway: Underway): Operation {
  const { name, requestId, status, isCallingOff, request, issuer, preservesOrder, trouble } = underway
  return { name, requestId, status, isCallingOff, request, issuer, preservesOrder, trouble }
}
