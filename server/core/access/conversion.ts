import { randomUUID } from 'node:crypto'
import { builtInRoles, type RoleDefinition } from '@cardea/contract/roles'
import { matches } from '@cardea/contract/wildcard'
import { Fault } from '#base/fault.ts'
import type { Sql } from '#base/sql.ts'
import { principalById } from '#core/identity/directory.ts'
import { refuseLocked } from '#core/locks/locks.ts'
import type { Keyring } from '#core/sealing/keyring.ts'
import { containerOf, type Permit } from './access.ts'
import { sameAssignment } from './access-rows.ts'
import { assignRole } from './assignments.ts'
import { isProven } from './held.ts'
import {
  type AccessPolicy,
  type Changing,
  changePermissionModel,
  type PolicyKind,
  permissionModelOf,
  policyKinds,
} from './permission-model.ts'
import { allowedBy } from './policy.ts'

/** How a vault's access policies would be said with roles. */
export type Conversion = {
  readonly model: 'roles' | 'policies'
  readonly steps: readonly Step[]
}
export type Step = {
  readonly principal: string
  readonly name: string | undefined
  /** The roles that take the policy's place, on the vault. */
  readonly roles: readonly { readonly id: string; readonly name: string; readonly assigned: boolean }[]
  /** What the principal may do then that it may not now: roles are coarser than policies. */
  readonly gains: readonly string[]
  /** Why this policy can't be said with roles, where it can't. */
  readonly left: 'nobody' | 'compound-identity' | undefined
}

/** For each kind of thing, roles from the narrowest to the widest; the first that allows all of a policy is taken. */
const ladders: Record<Exclude<PolicyKind, 'storage'>, readonly RoleDefinition[]> = {
  secrets: [builtInRoles.keyVaultReader, builtInRoles.keyVaultSecretsUser, builtInRoles.keyVaultSecretsOfficer],
  keys: [
    builtInRoles.keyVaultReader,
    builtInRoles.keyVaultCryptoServiceReleaseUser,
    builtInRoles.keyVaultCryptoServiceEncryptionUser,
    builtInRoles.keyVaultCryptoUser,
    builtInRoles.keyVaultCryptoOfficer,
  ],
  certificates: [builtInRoles.keyVaultReader, builtInRoles.keyVaultCertificatesOfficer],
}

/** Everything that access policies have words for. */
const everything = allowedBy({ permissions: Object.fromEntries(policyKinds.map((kind) => [kind, ['all']])) })

const allowsData = ({ dataActions }: RoleDefinition, action: string): boolean =>
  dataActions.some((pattern) => matches(pattern.toLowerCase(), action.toLowerCase()))

/** The roles that take a policy's place, and what they allow besides. */
function rolesFor(policy: Pick<AccessPolicy, 'permissions'>): { roles: RoleDefinition[]; gains: string[] } {
  const chosen = new Set<RoleDefinition>()
  for (const [kind, ladder] of Object.entries(ladders) as [keyof typeof ladders, readonly RoleDefinition[]][]) {
    const wanted = [...allowedBy({ permissions: { [kind]: policy.permissions[kind] ?? [] } })]
    const role = ladder.find((one) => wanted.every((action) => allowsData(one, action)))
    if (wanted.length > 0 && role !== undefined) chosen.add(role)
  }
  const allowed = allowedBy(policy)
  const gains = [...everything].filter(
    (action) => !allowed.has(action) && [...chosen].some((one) => allowsData(one, action)),
  )
  return { roles: [...chosen], gains }
}

type Looking = { readonly sql: Sql; readonly keyring: Keyring }

/** What a conversion would do. Nothing changes. */
export async function previewConversion(
  { sql, keyring }: Looking & { readonly permit: Permit<'roles/read'> | Permit<'vaults/write'> },
  vault: string,
): Promise<Conversion> {
  const { kind, policies } = await permissionModelOf(sql, keyring, vaultIn(vault))
  const steps: Step[] = []
  for (const policy of policies) {
    const principal = policy.objectId.toLowerCase()
    const known = await principalById(sql, keyring, principal)
    const left = known === undefined ? 'nobody' : policy.applicationId !== undefined ? 'compound-identity' : undefined
    const { roles, gains } = left === undefined ? rolesFor(policy) : { roles: [], gains: [] }
    const said = []
    for (const { id, name } of roles) {
      const there = await sameAssignment(sql, { principal, role: id, scope: vault })
      said.push({ id, name, assigned: there !== undefined && (await isProven(sql, keyring, there)) })
    }
    steps.push({ principal, name: known?.name, roles: said, gains, left })
  }
  return { model: kind, steps }
}

/**
 * Assigns the roles that take the policies' place, and lets the vault go by roles from then on, all in one turn. Who
 * does it needs the right to assign each of them. The policies are kept, for the way back.
 */
export async function convert(
  scope: Looking & Changing & { readonly permit: Permit<'vaults/write'> },
  vault: string,
  by: string,
): Promise<Conversion> {
  const { sql, keyring, turn, permit } = scope
  const done = await previewConversion(scope, vault)
  const model = await permissionModelOf(sql, keyring, vaultIn(vault))
  if (model.kind === 'roles') throw new Fault('conflict', 'This vault goes by roles already.')
  await refuseLocked(sql, vault, 'write')
  if (!permit.allows('roles/assign', vault)) {
    throw new Fault('forbidden', 'To convert access policies to roles you need the right to assign roles on the vault.')
  }
  for (const { principal, roles } of done.steps) {
    for (const { id: role, assigned } of roles) {
      if (assigned) continue
      await assignRole(
        { turn, keyring, permit },
        { id: randomUUID(), principal, role, scope: vault, by, description: 'Converted from an access policy' },
      )
    }
  }
  await changePermissionModel(scope, vault, model, { ...model, kind: 'roles' })
  return done
}

function vaultIn(resource: string): string {
  const container = containerOf(resource)
  if (container?.includes('/microsoft.keyvault/vaults/') && container === resource.toLowerCase()) return container
  throw new Fault('invalid', 'Name a vault by its resource id.', { where: 'resource' })
}
