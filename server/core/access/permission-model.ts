import type { Turn } from '#base/database.ts'
import type { Sql } from '#base/sql.ts'
import type { Event } from '#core/events/event.ts'
import { directoryKey } from '#core/identity/directory.ts'
import type { Keyring } from '#core/sealing/keyring.ts'
import { type KeptModel, keepModelRow, keptModel, removeModelRow } from './permission-model-rows.ts'

/** What one principal may do with a vault's data under the older model: permissions by the kind of thing, as words. */
export type AccessPolicy = {
  readonly tenantId: string
  readonly objectId: string
  readonly applicationId?: string
  readonly permissions: { readonly [kind in PolicyKind]?: readonly string[] }
}
export const policyKinds = ['secrets', 'keys', 'certificates', 'storage'] as const
export type PolicyKind = (typeof policyKinds)[number]

/**
 * By what rights are given on the data of a vault or store: by roles, or by the vault's own list of access policies.
 * The list is kept while roles rule, as Azure keeps it, and counts for nothing then. While the resource is deleted it is
 * closed: nobody has any right on what is in it, on no node, from the moment that the deletion was answered.
 */
export type PermissionModel = {
  readonly kind: 'roles' | 'policies'
  readonly closed: boolean
  readonly policies: readonly AccessPolicy[]
}

/** How single entries of the list are changed: by giving, by setting anew, by taking away. */
export type PolicyChange = 'add' | 'replace' | 'remove'
/** So many entries has a vault at most, as on Azure. */
export const policiesMax = 1024

/** The list after a change of some entries: each principal, by way of each application, has one. */
export function changedPolicies(
  policies: readonly AccessPolicy[],
  change: PolicyChange,
  given: readonly AccessPolicy[],
): AccessPolicy[] {
  const byHolder = new Map(policies.map((policy) => [holderOf(policy), policy]))
  for (const policy of given) {
    const holder = holderOf(policy)
    const before = byHolder.get(holder)?.permissions ?? {}
    const permissions = Object.fromEntries(
      policyKinds.flatMap((kind) => {
        const words = changedWords(before[kind] ?? [], change, policy.permissions[kind] ?? [])
        return words.length === 0 ? [] : [[kind, words]]
      }),
    )
    if (change === 'remove' && Object.keys(permissions).length === 0) byHolder.delete(holder)
    else byHolder.set(holder, { ...policy, permissions })
  }
  return [...byHolder.values()]
}

const holderOf = ({ objectId, applicationId = '' }: AccessPolicy): string =>
  `${objectId}/${applicationId}`.toLowerCase()

function changedWords(before: readonly string[], change: PolicyChange, given: readonly string[]): readonly string[] {
  if (change === 'replace') return given
  const named = new Set((change === 'add' ? before : given).map((word) => word.toLowerCase()))
  const others = (words: readonly string[]) => words.filter((word) => !named.has(word.toLowerCase()))
  return change === 'add' ? [...before, ...others(given)] : others(before)
}

/** How a vault or store is founded where nobody says otherwise. */
export const byRoles: PermissionModel = { kind: 'roles', closed: false, policies: [] }
/** What a row says that we didn't write so. Whatever was founded has a row, so one that is missing was taken away. */
const forged: PermissionModel = { kind: 'policies', closed: true, policies: [] }

/** The model of the vault or store with this resource id. */
export async function permissionModelOf(sql: Sql, keyring: Keyring, resourceId: string): Promise<PermissionModel> {
  const kept = await keptModel(sql, resourceId.toLowerCase())
  if (kept === undefined) return forged
  const { model, proof } = kept
  if (!(await keyring.isFingerprint(sql, directoryKey, wordsOf(model), proof))) return forged
  return {
    kind: model.kind === 'policies' ? 'policies' : 'roles',
    closed: model.closed,
    policies: JSON.parse(model.policies),
  }
}

/** Gives a vault or store another model; it holds from the moment this is answered. */
export async function keepPermissionModel(
  turn: Turn,
  keyring: Keyring,
  resourceId: string,
  { kind, closed, policies }: PermissionModel,
): Promise<void> {
  const model = { scopeKey: resourceId.toLowerCase(), kind, closed, policies: JSON.stringify(policies) }
  await keepModelRow(turn.sql, model, await keyring.fingerprint(turn.sql, directoryKey, wordsOf(model)))
  turn.changeAccess()
}

/** What it takes to change a model: a turn, and somebody to tell. */
export type Changing = { readonly turn: Turn; readonly keyring: Keyring; tell(event: Event): unknown }

/** Changes by what rights are given on the data of a vault, which is told; a model that stays what it was is no change. */
export async function changePermissionModel(
  { turn, keyring, tell }: Changing,
  vault: string,
  before: PermissionModel,
  next: PermissionModel,
): Promise<void> {
  if (isSameModel(before, next)) return
  await keepPermissionModel(turn, keyring, vault, next)
  const name = vault.slice(vault.lastIndexOf('/') + 1)
  tell({ type: 'vault-access-policy-changed', scope: vault, resource: vault, name })
}

/** Whether two models say the same. */
export const isSameModel = (one: PermissionModel, other: PermissionModel): boolean =>
  JSON.stringify([one.kind, one.closed, one.policies]) === JSON.stringify([other.kind, other.closed, other.policies])

/** Forgets the model of a resource that is gone. */
export async function dropPermissionModel(turn: Turn, resourceId: string): Promise<void> {
  await removeModelRow(turn.sql, resourceId.toLowerCase())
  turn.changeAccess()
}

const wordsOf = ({ scopeKey, kind, closed, policies }: KeptModel): string =>
  JSON.stringify(['permission-model', scopeKey, kind, closed, policies])
