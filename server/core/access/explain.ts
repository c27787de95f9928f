import { type Action, actionNames, actions, kindOf } from '@cardea/contract/actions'
import { builtInRoleList } from '@cardea/contract/roles'
import { Fault } from '#base/fault.ts'
import { isWithin } from '#base/scope.ts'
import type { Sql } from '#base/sql.ts'
import type { Caller } from '#core/identity/caller.ts'
import { principalById, principalCalled } from '#core/identity/directory.ts'
import type { Principal } from '#core/identity/principal.ts'
import type { Keyring } from '#core/sealing/keyring.ts'
import { containerOf, type Permit } from './access.ts'
import { actionsOf, type Grant, verdictOf } from './grant.ts'
import { grantOf, type Held, holdingOf } from './held.ts'
import { permissionModelOf } from './permission-model.ts'
import { grantsByPolicy, spokenOf } from './policy.ts'
import { isOurs } from './roles.ts'

/** Why somebody may do a thing, or may not: every assignment and policy that reaches it, and what each of them does. */
type Explanation = {
  readonly principal: Principal
  readonly action: Action
  readonly resource: string
  readonly allowed: boolean
  /** By which model rights are given on the data there. */
  readonly model: 'roles' | 'policies'
  /** The vault or store is deleted: nobody has any right on what is in it. */
  readonly closed: boolean
  readonly reasons: readonly Reason[]
  /** The built-in role that allows this and the least besides; undefined where none does. */
  readonly wanted: string | undefined
}
export type Reason = {
  readonly kind: 'role-assignment' | 'access-policy'
  /** The assignment's id; absent for a policy. */
  readonly assignment: string | undefined
  readonly role: string | undefined
  readonly scope: string
  /** The group by which it reaches the principal. */
  readonly group: string | undefined
  readonly condition: string | undefined
  readonly verdict: Verdict
  /** What the principal could do here no longer, if this one were taken away. */
  readonly loses: readonly Action[]
}
/** `inert`: it would allow this, but the vault goes by the other model, or is deleted. */
export type Verdict = 'allows' | 'has-not-the-action' | 'condition-refuses' | 'inert'

type Asked = { readonly principal: string; readonly action: string; readonly resource: string }
type Looking = { readonly sql: Sql; readonly keyring: Keyring; readonly permit: Permit<'roles/read'> }

/**
 * Says why somebody may do a thing, or may not, by the same grants and conditions that decide when it is done. Throws `not-found`
 * for a principal that nobody is, and `invalid` for an action that isn't one.
 */
export async function explain({ sql, keyring }: Looking, asked: Asked): Promise<Explanation> {
  const principal = await principalCalled(sql, keyring, asked.principal)
  const action = actionCalled(asked.action)
  // As it is spelled: conditions tell keys and labels of settings apart by case.
  const { resource } = asked
  const { principals, held } = await holdingOf(sql, keyring, principal)
  const container = containerOf(resource)
  const model = container === undefined ? undefined : await permissionModelOf(sql, keyring, container)

  /** Whether a grant by a role, or by a policy, counts for an action here. */
  const counts = (byPolicy: boolean, ours: boolean) => (one: Action) => {
    if (kindOf(one) !== 'data' || model === undefined) return !byPolicy
    if (model.closed) return false
    return model.kind === 'policies' ? byPolicy || ours : !byPolicy
  }
  const ways: Way[] = []
  for (const one of held) {
    if (!isWithin(one.assignment.scope, resource)) continue
    const grant = grantOf(one)
    ways.push({ held: one, grant, gives: given(grant, resource, counts(false, isOurs(one.role))) })
  }
  for (const grant of grantsByPolicy(model?.policies ?? [], { principals, appId: principal.appId }, container ?? '')) {
    ways.push({ held: undefined, grant, gives: given(grant, resource, counts(true, false)) })
  }

  const groups = await namesOf(sql, keyring, principals.slice(1))
  const reasons = ways.map((way): Reason => {
    const others = new Set(ways.filter((other) => other !== way).flatMap(({ gives }) => [...gives]))
    const holder = way.held?.assignment.principal
    return {
      kind: way.held === undefined ? 'access-policy' : 'role-assignment',
      assignment: way.held?.assignment.id,
      role: way.held?.role.name,
      scope: way.held?.assignment.scope ?? (container as string),
      group: holder === undefined || holder === principal.objectId ? undefined : groups.get(holder),
      condition: way.held?.assignment.condition ?? way.held?.role.condition,
      verdict: verdictFor(way, action, resource),
      loses: [...way.gives].filter((one) => !others.has(one)),
    }
  })
  return {
    principal,
    action,
    resource,
    allowed: reasons.some(({ verdict }) => verdict === 'allows'),
    model: model?.kind ?? 'roles',
    closed: model?.closed ?? false,
    reasons,
    wanted: model?.kind === 'policies' && spokenOf(action) ? undefined : leastRoleFor(action),
  }
}

/** The roles that a caller holds at a scope, by whichever assignments; under a condition, as if it held. */
export async function rolesHeldAt(
  { sql, keyring }: { readonly sql: Sql; readonly keyring: Keyring; readonly permit: Permit<'permissions/read'> },
  caller: Caller,
  scope: string,
): Promise<Held['role'][]> {
  const { held } = await holdingOf(sql, keyring, caller)
  const there = held.filter(({ assignment }) => isWithin(assignment.scope, scope))
  return [...new Map(there.map(({ role }) => [role.id, role])).values()]
}

/** One way by which something reaches the principal: what it gives here, all told. */
type Way = { readonly held: Held | undefined; readonly grant: Grant; readonly gives: ReadonlySet<Action> }

const given = (grant: Grant, resource: string, counts: (action: Action) => boolean): ReadonlySet<Action> =>
  new Set([...grant.actions].filter((one) => counts(one) && verdictOf(grant, one, resource, {}) === true))

function verdictFor({ grant, gives }: Way, action: Action, resource: string): Verdict {
  if (gives.has(action)) return 'allows'
  if (!grant.actions.has(action)) return 'has-not-the-action'
  return verdictOf(grant, action, resource, {}) === true ? 'inert' : 'condition-refuses'
}

/** An action by our short name, or by the one that role definitions have. */
function actionCalled(name: string): Action {
  const wanted = name.toLowerCase()
  const found = actionNames.find((one) => one === wanted || actions[one].toLowerCase() === wanted)
  if (found !== undefined) return found
  throw new Fault('invalid', `There is no action '${name.slice(0, 128)}'. Name one as secrets/get, or as roles do.`, {
    where: 'action',
  })
}

async function namesOf(sql: Sql, keyring: Keyring, ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const names = new Map<string, string>()
  for (const id of ids) names.set(id, (await principalById(sql, keyring, id))?.name ?? id)
  return names
}

/** The built-in role that allows an action and, of those that do, the fewest others. */
function leastRoleFor(action: Action): string | undefined {
  const fitting = builtInRoleList
    .filter(({ condition }) => condition === undefined)
    .map((definition) => ({ name: definition.name, allows: actionsOf(definition) }))
    .filter(({ allows }) => allows.has(action))
  return fitting.sort((one, other) => one.allows.size - other.allows.size)[0]?.name
}
