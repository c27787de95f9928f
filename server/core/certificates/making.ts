import { isDeepStrictEqual } from 'node:util'
import { valueBytesMax } from '@cardea/contract/vault/secrets'
import type { Instant } from '#base/clock.ts'
import { Fault } from '#base/fault.ts'
import type { AsymmetricShape, KeyDoor, KeyShape } from '#base/keys/key.ts'
import { type Bundle, writePem, writePkcs12 } from '#base/x509/bundle.ts'
import { orderChain, readCertificate } from '#base/x509/certificate.ts'
import { selfSigned } from '#base/x509/issue.ts'
import { certificationRequest } from '#base/x509/request.ts'
import type { Signer } from '#base/x509/signature.ts'
import { newSerial } from '#base/x509/structure.ts'
import { adopt, type Custodians, doorTo, generate } from '#core/keys/custody.ts'
import type { Made } from '#core/keys/key.ts'
import { managedKey } from '#core/keys/managed.ts'
import type { Sealing } from '#core/objects/held.ts'
import type { Vault } from '#core/vaults/vault.ts'
import { type Asked, headToAsk, policyToAsk } from './asking.ts'
import { refuseMerging, termsOf } from './certificate.ts'
import { certificateTables } from './certificate-rows.ts'
import type { Importing } from './certificates.ts'
import { liveOperation, type Merging } from './pending.ts'
import type { ContentType, Policy, PolicyDraft, Sayings } from './policy.ts'
import type { Ready } from './publishing.ts'
import type { Underway } from './underway.ts'

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
  // No key is made for nothing; the turn that keeps it looks again.
  await headToAsk(maker, vault, name)
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
  const shape = asymmetric(key.shape)
  const algorithm = shape.type === 'RSA' ? 'RS256' : algorithms[shape.curve]
  return (digest) => door.sign(key, algorithm, digest)
}

/** Issues the certificate of an operation by its own key: nobody else vouches for it. */
export async function issueBySelf(
  custodians: Custodians,
  vault: Vault,
  { policy, made, draft }: Underway,
  at: Instant,
): Promise<Ready> {
  if (made === undefined) throw new Error('An operation that is under way has a key.')
  const { notBefore, notAfter } = termsOf(policy, at)
  const terms = { notBefore: new Date(notBefore), notAfter: new Date(notAfter), serial: newSerial() }
  const der = await selfSigned(policy, made.key.publicPart, signerOf(custodians, vault, made), terms)
  const { exportable } = policy.key
  return readyFrom({ made, exportable, contentType: policy.contentType, preservesOrder: draft.preservesOrder }, [der])
}

type Form = {
  readonly made: Made
  readonly exportable: boolean
  readonly contentType: ContentType
  readonly preservesOrder: boolean | undefined
}

/** Puts together what is kept of a certificate: `chain` is as it came, and what is handed out begins with the key's own unless its order counts. */
function readyFrom(
  { made, exportable, contentType, preservesOrder }: Form,
  chain: readonly Uint8Array[],
): Ready & { says: Sayings } {
  const ordered = orderChain(made.key.publicPart, chain)
  const [der] = ordered
  if (der === undefined) throw new Error('A chain that was ordered begins with the certificate of the key.')
  const { notBefore, notAfter, ...says } = readCertificate(der)
  const handed = preservesOrder === true ? chain : ordered
  // In PKCS #12 the certificate of the key is marked, and comes first; the order of the others may count.
  const bagged = [der, ...handed.filter((one) => Buffer.compare(one, der) !== 0)]
  // What a hardware module keeps can't be handed out, whatever a policy says.
  const privateKey = exportable && made.custody === 'software' ? made.key.secret : undefined
  const value =
    contentType === 'application/x-pem-file'
      ? writePem(privateKey, handed)
      : writePkcs12(privateKey, bagged).toString('base64')
  if (Buffer.byteLength(value) > valueBytesMax) {
    const words = `With its chain and its key the certificate has more than the ${valueBytesMax} bytes that a secret takes.`
    throw new Fault('invalid', words, { where: 'value' })
  }
  return {
    issued: { der, contentType, preservesOrder },
    says: { ...says, notBefore: +notBefore, notAfter: +notAfter },
    made,
    value,
  }
}

/** Whoever reads bundles, which may take a while. */
export type BundleReader = {
  read(text: string, password: string | undefined): Promise<Bundle>
  /** One that we wrote as PKCS #12, in base64, as PEM. */
  asPem(pkcs12: string): Promise<string>
}
type Brought = {
  readonly value: string
  readonly password?: string | undefined
  readonly policy?: PolicyDraft | undefined
  readonly preservesOrder?: boolean | undefined
}

/** Reads a certificate that is brought along with its key, and gives the key to whoever will keep it. */
export async function prepareImport(
  { custodians, bundles }: { readonly custodians: Custodians; readonly bundles: Pick<BundleReader, 'read'> },
  vault: Vault,
  { value, password, policy = {}, preservesOrder }: Brought,
): Promise<Importing> {
  const { privateKey, chain, format } = await bundles.read(value, password)
  const custody = policy.key?.custody ?? 'software'
  const made = await adopt(custodians, vault, custody, privateKey)
  asymmetric(made.key.shape)
  const contentType = policy.contentType ?? (format === 'pem' ? 'application/x-pem-file' : 'application/x-pkcs12')
  const exportable = policy.key?.exportable ?? custody === 'software'
  const ready = readyFrom({ made, exportable, contentType, preservesOrder }, chain)
  return { ...ready, policy: { ...policy, contentType } }
}

/** Puts a certificate that somebody issued for the request of an operation together with the key that waits for it. */
export async function prepareMerge(
  sealing: Sealing,
  vault: Vault,
  name: string,
  chain: readonly Uint8Array[],
): Promise<Merging> {
  const operation = await liveOperation(sealing, vault, name)
  refuseMerging(operation)
  const { made, policy, requestId, preservesOrder } = operation
  if (made === undefined) throw new Error('An operation that has not ended well has a key.')
  const { exportable } = policy.key
  return { ...readyFrom({ made, exportable, contentType: policy.contentType, preservesOrder }, chain), requestId }
}

function asymmetric(shape: KeyShape): AsymmetricShape {
  if (shape.type !== 'oct') return shape
  throw new Fault('invalid', 'A symmetric key has no certificate.', { where: 'value' })
}
