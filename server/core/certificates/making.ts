import { isDeepStrictEqual } from 'node:util'
import type { KeyDoor } from '#base/keys/key.ts'
import { certificationRequest } from '#base/x509/request.ts'
import type { Signer } from '#base/x509/signature.ts'
import { type Custodians, doorTo, generate } from '#core/keys/custody.ts'
import type { Made } from '#core/keys/key.ts'
import { managedKey } from '#core/keys/managed.ts'
import type { Vault } from '#core/vaults/vault.ts'
import { type Asked, policyToAsk } from './asking.ts'
import { certificateTables } from './certificate-rows.ts'
import type { Sealing } from './holding.ts'
import type { Policy, PolicyDraft } from './policy.ts'

/** What takes long about certificates: keys, signatures and bundles. All of it is made before the turn that keeps it. */
export type Maker = Sealing & { readonly custodians: Custodians }

/** Makes the key of a certificate and the request for it, by the policy that is given, else by the one that is kept. */
export async function prepareCertificate(
  maker: Maker,
  vault: Vault,
  name: string,
  draft: PolicyDraft | undefined,
): Promise<Asked> {
  // Its dates are of no interest here: the turn that keeps the policy has those.
  const policy = await policyToAsk(maker, vault, name, draft, 0)
  const made = (await keyAgain(maker, vault, name, policy)) ?? (await newKey(maker, vault, policy))
  const request = await certificationRequest(policy, made.key.publicPart, signerOf(maker.custodians, vault, made))
  return { policy, made, request }
}

const newKey = ({ custodians }: Maker, vault: Vault, { key: { custody, shape } }: Policy): Promise<Made> =>
  generate(custodians, vault, custody, shape)

/** The key of the latest version, where the policy says that the next one has it too, and it is of the kind that it says. */
async function keyAgain(maker: Maker, vault: Vault, name: string, { key }: Policy): Promise<Made | undefined> {
  if (!key.reuse) return undefined
  const latest = await certificateTables.keptVersion(maker.sql, vault.name, name, undefined)
  if (latest?.object.thumbprint === undefined) return undefined
  const made = await managedKey(maker, vault, latest.object.name, latest.object.version)
  return made.custody === key.custody && isDeepStrictEqual(made.key.shape, key.shape) ? made : undefined
}

const algorithms = { 'P-256': 'ES256', 'P-256K': 'ES256K', 'P-384': 'ES384', 'P-521': 'ES512' } as const

/** Signs with a key by the door of whoever keeps it. */
export function signerOf(custodians: Custodians, vault: Vault, { custody, key }: Made): Signer {
  const door: KeyDoor = doorTo(custodians, custody, vault)
  const { shape } = key
  if (shape.type === 'oct') throw new Error('A symmetric key has no certificate.')
  const algorithm = shape.type === 'RSA' ? 'RS256' : algorithms[shape.curve]
  return (digest) => door.sign(key, algorithm, digest)
}
