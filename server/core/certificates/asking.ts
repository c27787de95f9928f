import { isDeepStrictEqual } from 'node:util'
import { Fault } from '#base/fault.ts'
import type { Caller } from '#core/identity/caller.ts'
import type { Made } from '#core/keys/key.ts'
import type { Sealing } from '#core/objects/held.ts'
import { newObject, noSuchObject } from '#core/objects/object.ts'
import { headForVersion, newVersionId, subjectOf } from '#core/objects/objects.ts'
import type { Writing } from '#core/perform.ts'
import { scheduleAt } from '#core/schedule/schedule.ts'
import type { Vault } from '#core/vaults/vault.ts'
import { type CertificateDraft, type Operation, refuseUnderway, termsOf } from './certificate.ts'
import { addVersion, certificateTables } from './certificate-rows.ts'
import { keepPolicy, life, policyOf, sealIssued } from './holding.ts'
import { isIssuerKept } from './issuers.ts'
import { isSelf, isUnknown, type Policy, type PolicyDraft, policyFrom } from './policy.ts'
import { refuseTaken } from './publishing.ts'
import { issuing, keepOperation, operationOf, shownOf, type Underway } from './underway.ts'

/** A key, and the request to have it certified, which was made for a policy before the turn that keeps both. */
export type Asked = { readonly policy: Policy; readonly made: Made; readonly request: Uint8Array }

/** The policy by which the next version of a name is made: what its caller says, else the one that is kept. */
export async function policyToAsk(
  sealing: Sealing,
  vault: Vault,
  name: string,
  draft: PolicyDraft | undefined,
  at: number,
): Promise<Policy> {
  const kept = await policyOf(sealing, vault, name)
  if (draft === undefined && kept === undefined) {
    throw new Fault('invalid', `The certificate ${name} is new: say by which policy it is to be made.`, {
      where: 'policy',
    })
  }
  const policy = draft === undefined ? (kept as Policy) : { ...policyFrom(draft, at), created: kept?.created ?? at }
  await refuseIssuer(sealing, vault, policy)
  return policy
}

async function refuseIssuer(sealing: Sealing, vault: Vault, { issuer }: Policy): Promise<void> {
  if (isSelf(issuer) || isUnknown(issuer)) return
  const offered =
    'This vault issues certificates itself (issuer Self), or takes one that you had made for its request (issuer Unknown, then merge), or that you import.'
  const words = (await isIssuerKept(sealing.sql, vault, issuer.name))
    ? `The issuer ${issuer.name} is kept, but its authority can't be asked from here. ${offered}`
    : `There is no issuer ${issuer.name}. ${offered}`
  throw new Fault('invalid', words, { where: 'issuer.name' })
}

/** How a name stands for which a certificate is asked; refuses one for which none can be now. */
export async function headToAsk(sealing: Sealing, vault: Vault, name: string) {
  const head = await headForVersion(life, sealing.sql, vault, name, 'create')
  refuseUnderway(await operationOf(sealing, vault, name))
  await refuseTaken(sealing.sql, vault, name)
  return head
}

/**
 * Keeps that a certificate is asked for, with its key; whoever issues it takes it up from there, however often the server
 * is killed meanwhile. As long as there is no version, one that says nothing yet stands in its place, as the service has it.
 */
export async function ask(
  writing: Writing,
  vault: Vault,
  name: string,
  by: Pick<Caller, 'objectId' | 'appId'>,
  draft: CertificateDraft,
  { policy, made, request }: Asked,
  reason?: 'renewal',
): Promise<Operation> {
  const { sql, turn, at } = writing
  const head = await headToAsk(writing, vault, name)
  const spelled = head?.name ?? name
  await keepPolicy(writing, vault, spelled, policy)
  const latest = head && (await certificateTables.keptVersion(sql, vault.name, name, undefined))
  if (latest?.object.thumbprint === undefined) await stand(writing, vault, spelled, draft, policy)
  const underway: Underway = {
    name: spelled,
    requestId: newVersionId(),
    status: 'inProgress',
    isCallingOff: false,
    request,
    issuer: policy.issuer,
    preservesOrder: draft.preservesOrder,
    trouble: undefined,
    policy,
    draft,
    isRenewal: reason === 'renewal',
    by: { objectId: by.objectId, appId: by.appId },
    made,
  }
  await keepOperation(writing, vault, underway)
  if (isSelf(policy.issuer)) await scheduleAt(turn, issuing, subjectOf(vault, name), at)
  return shownOf(underway)
}

/** Has something stand for the first version of a name: disabled, with the dates that are planned. */
async function stand(
  writing: Writing,
  vault: Vault,
  name: string,
  { tags, preservesOrder }: CertificateDraft,
  policy: Policy,
): Promise<void> {
  const { notBefore, notAfter } = termsOf(policy, writing.at)
  const dates = { enabled: false, notBefore, expires: notAfter }
  const object = newObject('certificate', name, newVersionId(), { ...dates, tags }, writing.at)
  const issued = { der: undefined, contentType: policy.contentType, preservesOrder }
  const sealed = await sealIssued(writing, vault, object, issued)
  await addVersion(writing.sql, vault.name, { ...object, thumbprint: undefined }, sealed)
}

/** Sees that what was prepared is for the policy that holds now. */
export function refuseOutdated(name: string, policy: Policy, asked: Asked): void {
  const terms = ({ created: _, updated: __, ...others }: Policy) => others
  if (isDeepStrictEqual(terms(policy), terms(asked.policy))) return
  throw new Fault('conflict', `The policy of ${name} was changed while its key was being made. Ask again.`, {
    about: name,
  })
}

/** The live certificate of this name with its policy. */
export async function liveCertificate(sealing: Sealing, vault: Vault, name: string) {
  const kept = await certificateTables.keptVersion(sealing.sql, vault.name, name, undefined)
  const policy = kept && (await policyOf(sealing, vault, name))
  if (kept === undefined || policy === undefined) throw noSuchObject('certificate', name)
  return { kept, policy }
}
