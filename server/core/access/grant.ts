import { type Action, actionNames, actions, kindOf } from '@cardea/contract/actions'
import type { RoleDefinition } from '@cardea/contract/roles'
import { matches } from '@cardea/contract/wildcard'
import { type Attributes, attributesOf, type Condition, type Question } from './condition.ts'

/** What somebody may do, where, and by which assignment. */
export type Grant = {
  readonly assignment: string
  /** The resource id at and below which it holds, in lower case: resource ids are compared so. */
  readonly scope: string
  readonly actions: ReadonlySet<Action>
  /** What must hold besides: the role's condition, the assignment's own. */
  readonly conditions?: readonly Condition[] | undefined
}

export type RoleAssignment = {
  readonly id: string
  readonly principal: string
  readonly role: string
  readonly scope: string
  /** In Azure's words, version 2.0. */
  readonly condition?: string | undefined
}

/** The actions that a role allows, each kind by its own list, without those that it takes back. */
export function actionsOf(role: Omit<RoleDefinition, 'id' | 'name' | 'description'>): ReadonlySet<Action> {
  const small = (patterns: readonly string[]) => patterns.map((pattern) => pattern.toLowerCase())
  const lists = {
    data: [small(role.dataActions), small(role.notDataActions)],
    management: [small(role.actions), small(role.notActions)],
    directory: [small(role.directoryActions), []],
  } as const
  const allowed = (action: Action) => {
    const [given, taken] = lists[kindOf(action)]
    const named = (pattern: string) => matches(pattern, actions[action].toLowerCase())
    return given.some(named) && !taken.some(named)
  }
  return new Set(actionNames.filter(allowed))
}

/**
 * All that one caller may do, by scope: a question looks at the scopes that a resource lies in, however many others the
 * caller has rights at.
 */
export class Grants {
  readonly #at = new Map<string, Grant[]>()
  readonly #scopes: readonly string[]

  constructor(grants: readonly Grant[]) {
    for (const grant of grants) {
      const there = this.#at.get(grant.scope)
      if (there === undefined) this.#at.set(grant.scope, [grant])
      else there.push(grant)
    }
    this.#scopes = [...this.#at.keys()].sort()
  }

  /** The grant that allows `action` on exactly this resource, or undefined: what isn't granted is denied. */
  allowing(action: Action, resource: string, request: Attributes = {}): Grant | undefined {
    const place = resource.toLowerCase()
    return this.#above(place, action, (grant) => verdictOf(grant, action, resource, request) === true)
  }

  /**
   * The grant that may allow `action` here once more is known, or that allows it on something at, above or below this
   * resource: whoever goes by this asks again, for each thing, with `allowing`.
   */
  promising(action: Action, resource: string, within: boolean): Grant | undefined {
    const place = resource.toLowerCase()
    const open = (grant: Grant) => verdictOf(grant, action, resource, {}) !== false
    return this.#above(place, action, open) ?? (within ? this.#below(place, action) : undefined)
  }

  /** The grant that allows `action` on a resource and on all that lies in it, whatever is true of that. */
  always(action: Action, resource: string): Grant | undefined {
    return this.#above(resource.toLowerCase(), action, ({ conditions }) => conditions === undefined)
  }

  #above(place: string, action: Action, holds: (grant: Grant) => boolean): Grant | undefined {
    // An id without a slash between its words lies in nothing.
    for (let end = place.length; end > 0; end = place.lastIndexOf('/', end - 1)) {
      const found = this.#first(place.slice(0, end), action, holds)
      if (found !== undefined) return found
    }
    return this.#first('/', action, holds)
  }

  #below(place: string, action: Action): Grant | undefined {
    const from = place === '/' ? '/' : `${place}/`
    for (let index = lowerBound(this.#scopes, from); this.#scopes[index]?.startsWith(from); index += 1) {
      const found = this.#first(this.#scopes[index] as string, action, () => true)
      if (found !== undefined) return found
    }
    return undefined
  }

  #first(scope: string, action: Action, holds: (grant: Grant) => boolean): Grant | undefined {
    return this.#at.get(scope)?.find((grant) => grant.actions.has(action) && holds(grant))
  }
}

/** What a grant's conditions say, all together; true where there are none. */
export function verdictOf(
  { conditions }: Grant,
  action: Action,
  resource: string,
  request: Attributes,
): boolean | undefined {
  if (conditions === undefined) return true
  const question = questionOf(action, resource, request)
  let open = false
  for (const condition of conditions) {
    const verdict = condition(question)
    if (verdict === false) return false
    if (verdict === undefined) open = true
  }
  return open ? undefined : true
}

/** Azure says which source has an attribute for which action: what is written is in the request (its page on conditions for Key Vault). */
function questionOf(action: Action, resource: string, request: Attributes): Question {
  const about = attributesOf(resource)
  // Of a setting, key and label are those of what is there and of what is written alike.
  if (action === 'settings/write') {
    const both = { ...about, ...request }
    return { action: actions[action], resource: both, request: both }
  }
  const written = action === 'secrets/set' || action === 'secrets/restore' || action === 'roles/assign'
  return {
    action: actions[action],
    resource: written ? {} : { ...about, ...request },
    request: written ? { ...about, ...request } : {},
  }
}

function lowerBound(sorted: readonly string[], wanted: string): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((sorted[middle] as string) < wanted) low = middle + 1
    else high = middle
  }
  return low
}
