import type { Instant } from '#base/clock.ts'
import { Fault } from '#base/fault.ts'
import type { Sql } from '#base/sql.ts'
import type { Sealing } from '#core/objects/held.ts'
import { nameKey } from '#core/objects/object.ts'
import type { Slice } from '#core/objects/object-tables.ts'
import type { Scope, Sight } from '#core/perform.ts'
import { keyOfVault, type Vault } from '#core/vaults/vault.ts'
import { dropIssuers, issuerRow, issuerRows, keepIssuerRow } from './issuer-rows.ts'

/** An authority that certificates could be had from. It is kept and told as it was said; none is asked from here. */
export type Issuer = {
  readonly name: string
  readonly provider: string
  readonly account: string | undefined
  readonly organization: string | undefined
  readonly admins: readonly Admin[]
  readonly enabled: boolean
  readonly created: Instant
  readonly updated: Instant
}
type Admin = {
  readonly firstName?: string | undefined
  readonly lastName?: string | undefined
  readonly email?: string | undefined
  readonly phone?: string | undefined
}
export type IssuerDraft = {
  readonly provider?: string | undefined
  readonly account?: string | undefined
  readonly password?: string | undefined
  readonly organization?: string | undefined
  readonly admins?: readonly Admin[] | undefined
  readonly enabled?: boolean | undefined
}
/** The password is kept for whoever asks that authority one day, and told to nobody. */
type Held = Issuer & { readonly password: string | undefined }

const placeOf = (vault: Vault, name: string): string => `${vault.resourceId}/certificates/issuers/${nameKey(name)}`

const noSuchIssuer = (): Fault => new Fault('not-found', 'Issuer not found', { kind: 'issuer' })

async function issuerNamed(sealing: Sealing, vault: Vault, name: string): Promise<Held | undefined> {
  const row = await issuerRow(sealing.sql, vault.name, name)
  return row && open(sealing, vault, row)
}

const open = async (
  { sql, keyring }: Sealing,
  vault: Vault,
  { name, sealed }: { readonly name: string; readonly sealed: Uint8Array },
): Promise<Held> => JSON.parse(await keyring.unseal(sql, keyOfVault(vault), sealed, placeOf(vault, name))) as Held

/** Whether a vault knows an issuer of this name. */
export const isIssuerKept = async (sql: Sql, vault: Vault, name: string): Promise<boolean> =>
  (await issuerRow(sql, vault.name, name)) !== undefined

async function keep({ sql, keyring }: Sealing, vault: Vault, issuer: Held): Promise<Issuer> {
  const sealed = await keyring.seal(sql, keyOfVault(vault), JSON.stringify(issuer), placeOf(vault, issuer.name))
  await keepIssuerRow(sql, vault.name, issuer.name, sealed)
  return shown(issuer)
}

const shown = ({ password: _, ...issuer }: Held): Issuer => issuer

/** Keeps an issuer as it is said, instead of the one that had its name. */
export async function setIssuer(
  scope: Scope<'certificate-issuers/write'>,
  vault: Vault,
  name: string,
  draft: IssuerDraft & { readonly provider: string },
): Promise<Issuer> {
  const { provider, account, password, organization, admins = [], enabled = true } = draft
  const before = await issuerNamed(scope, vault, name)
  const dates = { created: before?.created ?? scope.at, updated: scope.at }
  const spelled = before?.name ?? name
  return keep(scope, vault, { name: spelled, provider, account, password, organization, admins, enabled, ...dates })
}

/** Changes what is said of an issuer; the people in charge are replaced as a list. */
export async function updateIssuer(
  scope: Scope<'certificate-issuers/write'>,
  vault: Vault,
  name: string,
  draft: IssuerDraft,
): Promise<Issuer> {
  const before = await issuerNamed(scope, vault, name)
  if (before === undefined) throw noSuchIssuer()
  return keep(scope, vault, {
    ...before,
    provider: draft.provider ?? before.provider,
    account: draft.account ?? before.account,
    password: draft.password ?? before.password,
    organization: draft.organization ?? before.organization,
    admins: draft.admins ?? before.admins,
    enabled: draft.enabled ?? before.enabled,
    updated: scope.at,
  })
}

/** An issuer without its password, which is never shown again. */
export async function getIssuer(sight: Sight<'certificate-issuers/read'>, vault: Vault, name: string): Promise<Issuer> {
  const issuer = await issuerNamed(sight, vault, name)
  if (issuer === undefined) throw noSuchIssuer()
  return shown(issuer)
}

/** Issuers in the order of their names. */
export async function listIssuers(
  sight: Sight<'certificate-issuers/read'>,
  vault: Vault,
  slice: Slice,
): Promise<Issuer[]> {
  const issuers: Issuer[] = []
  for (const row of await issuerRows(sight.sql, vault.name, slice)) issuers.push(shown(await open(sight, vault, row)))
  return issuers
}

/** Takes an issuer away; certificates whose policy names it stay as they are. */
export async function deleteIssuer(
  scope: Scope<'certificate-issuers/delete'>,
  vault: Vault,
  name: string,
): Promise<Issuer> {
  const issuer = await issuerNamed(scope, vault, name)
  if (issuer === undefined) throw noSuchIssuer()
  await dropIssuers(scope.sql, vault.name, name)
  return shown(issuer)
}
