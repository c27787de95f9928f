import type { Turn } from '#base/database.ts'
import type { Caller } from '#core/identity/caller.ts'
import { noticeKept } from '#core/objects/expiry.ts'
import type { Scope } from '#core/perform.ts'
import type { Keyring } from '#core/sealing/keyring.ts'
import type { Vault } from '#core/vaults/vault.ts'
import { type Asked, ask, policyToAsk, refuseOutdated } from './asking.ts'
import { type CertificateVersion, type Operation, refuseUnderway } from './certificate.ts'
import { certificateTables } from './certificate-rows.ts'
import { life, policyOf } from './holding.ts'
import { actionDue, type Policy, renewsItself } from './policy.ts'
import { operationOf } from './underway.ts'

/** What is to happen to a certificate now, or when there may be something. */
export type Due =
  | { readonly what: 'renewal'; readonly latest: CertificateVersion; readonly policy: Policy }
  | { readonly what: 'mail'; readonly latest: CertificateVersion }
  | { readonly what: undefined; readonly due: number | undefined }

/** So long after an attempt another one is made, if that came to nothing. */
export const againMs = 86_400_000

/** The message to people is told once for a version and its end. */
export const mailNotice = 'certificate-mail'

/** What is to happen now in the life of a certificate, by what stands in the rows. */
export async function dueNow({ sql, at }: Turn, keyring: Keyring, vault: Vault, name: string): Promise<Due> {
  const sealing = { sql, keyring }
  const latest = (await certificateTables.keptVersion(sql, vault.name, name, undefined))?.object
  const policy = await policyOf(sealing, vault, name)
  const due = latest?.thumbprint === undefined || policy === undefined ? undefined : actionDue(policy, latest)
  if (latest === undefined || policy === undefined || due === undefined) return { what: undefined, due: undefined }
  if (due > at) return { what: undefined, due }
  if (!renewsItself(policy)) {
    const isTold = await noticeKept(life, sql, vault, latest, mailNotice)
    return isTold ? { what: undefined, due: undefined } : { what: 'mail', latest }
  }
  // Somebody is having it renewed already; if that comes to nothing, it is our turn again.
  if ((await operationOf(sealing, vault, name))?.status === 'inProgress') return { what: undefined, due: at + againMs }
  return { what: 'renewal', latest, policy }
}

/** Asks for the next version of a certificate by its policy. It has the tags of the version before. */
export async function renewCertificate(
  scope: Scope<'certificates/renew'>,
  caller: Caller,
  vault: Vault,
  { name, tags }: Pick<CertificateVersion, 'name' | 'tags'>,
  asked: Asked,
): Promise<Operation> {
  refuseUnderway(await operationOf(scope, vault, name))
  const policy = await policyToAsk(scope, vault, name, undefined, scope.at)
  refuseOutdated(name, policy, asked)
  const latest = await certificateTables.keptVersion(scope.sql, vault.name, name, undefined)
  const draft = { tags: latest?.object.tags ?? tags }
  return ask(scope, vault, name, caller, draft, { ...asked, policy }, 'renewal')
}
