import { type Action, actions, kindOf } from '@cardea/contract/actions'
import type { Reach } from '@cardea/contract/operation'
import type { Database, Turn } from '#base/database.ts'
import { Fault } from '#base/fault.ts'
import type { Sql } from '#base/sql.ts'
import type { Caller } from '#core/identity/caller.ts'
import type { Keyring } from '#core/sealing/keyring.ts'
import type { Attributes } from './condition.ts'
import { type Grant, Grants } from './grant.ts'
import { grantOf, holdingOf } from './held.ts'
import { type PermissionModel, permissionModelOf } from './permission-model.ts'
import { grantsByPolicy, spokenOf, wordFor } from './policy.ts'
import { isOurs } from './roles.ts'

/**
 * Permission as a value. Only this room makes one: the class is not exported, and its private field makes anything that
 * merely looks like it another type. A door that needs `Permit<'secrets/get'>` can't be opened with another.
 */
class Granted<A extends Action> {
  readonly #action: A
  /** The assignment that allowed it. */
  readonly assignment: string
  readonly #rights: Rights
  constructor(action: A, assignment: string, rights: Rights) {
    this.#action = action
    this.assignment = assignment
    this.#rights = rights
  }
  get action(): A {
    return this.#action
  }
  /**
   * Whether the same caller may do another thing: for lists that show only what the reader may see, and for acts that
   * need more than one right. Of data in another vault or store than the permit is about, it knows nothing.
   */
  allows(action: Action, resource: string, request?: Attributes): boolean {
    return this.#rights.about(action, resource).allowing(action, resource, request) !== undefined
  }
  /** To how much of what lies in a resource the same caller may do another thing; with `some`, each has to be asked for. */
  extent(action: Action, resource: string): 'all' | 'some' | 'none' {
    const grants = this.#rights.about(action, resource)
    if (grants.always(action, resource) !== undefined) return 'all'
    return grants.promising(action, resource, true) === undefined ? 'none' : 'some'
  }
}
export type Permit<A extends Action> = Granted<A>

export type Wish<A extends Action> = {
  readonly caller: Caller
  readonly action: A
  readonly resource: string
  readonly reach?: Reach
}

/** More callers than this are not kept in memory; those that came first go first. */
const callersMax = 10_000

/** More permits than this are not kept in memory: then all are looked up anew. */
const permitsMax = 100_000

/** What a caller may do by role assignments, and by which of them with whatever model a vault has. */
type Standing = { readonly principals: readonly string[]; readonly byRoles: Grants; readonly always: readonly Grant[] }

const none = new Grants([])

/** What a caller may do, seen from one vault or store, whose model decides about the data in it. */
class Rights {
  readonly #byRoles: Grants
  readonly #container: string | undefined
  readonly #inside: Grants | undefined
  constructor(byRoles: Grants, container: string | undefined, inside: Grants | undefined) {
    this.#byRoles = byRoles
    this.#container = container
    this.#inside = inside
  }
  about(action: Action, resource: string): Grants {
    if (kindOf(action) !== 'data') return this.#byRoles
    const container = containerOf(resource)
    if (container === undefined) return this.#byRoles
    if (container !== this.#container) return none
    return this.#inside ?? this.#byRoles
  }
}

const marks = ['/providers/microsoft.keyvault/vaults/', '/providers/microsoft.appconfiguration/configurationstores/']

/** The vault or store that a resource is or lies in, in lower case. */
export function containerOf(resource: string): string | undefined {
  const place = resource.toLowerCase()
  for (const mark of marks) {
    const at = place.indexOf(mark)
    if (at < 0) continue
    const end = place.indexOf('/', at + mark.length)
    return end < 0 ? place : place.slice(0, end)
  }
  return undefined
}

/** What is true of who may do what at one epoch. */
class Memory {
  readonly standings = new Map<string, Standing>()
  readonly models = new Map<string, PermissionModel>()
  /** Rights inside vaults that don't go by roles. */
  readonly inside = new Map<string, Grants>()
  /** Permits that were given, for the same caller to have again: who reads a secret reads it often. */
  #permits = new WeakMap<Caller, Map<Action, Map<string, Permit<Action>>>>()
  #permitCount = 0

  permitOf<A extends Action>({ caller, action, resource, reach }: Wish<A>): Permit<A> | undefined {
    if (reach === 'within') return undefined
    return this.#permits.get(caller)?.get(action)?.get(resource) as Permit<A> | undefined
  }

  keepPermit<A extends Action>({ caller, action, resource, reach = 'resource' }: Wish<A>, permit: Permit<A>): void {
    if (reach !== 'resource') return
    if (this.#permitCount >= permitsMax) {
      this.#permits = new WeakMap()
      this.#permitCount = 0
    }
    const byAction = kept(this.#permits, caller, () => new Map<Action, Map<string, Permit<Action>>>())
    kept(byAction, action, () => new Map<string, Permit<Action>>()).set(resource, permit)
    this.#permitCount += 1
  }
}

/** What stands in a map under a key; made if nothing does. */
function kept<K extends object | string, V>(
  map: { get(key: K): V | undefined; set(key: K, value: V): unknown },
  key: K,
  make: () => V,
): V {
  let value = map.get(key)
  if (value === undefined) {
    value = make()
    map.set(key, value)
  }
  return value
}

/**
 * What everybody may do, compiled and kept in memory for as long as the epoch stands. A change of access moves the
 * epoch, and then nothing kept before is believed.
 */
export class AccessBook {
  readonly #keyring: Keyring
  #epoch = -1
  #memory = new Memory()

  constructor(keyring: Keyring) {
    this.#keyring = keyring
  }

  /** Permission inside a turn that changes things. */
  async permitIn<A extends Action>(turn: Turn, wish: Wish<A>): Promise<Permit<A>> {
    const memory = turn.accessChanged ? new Memory() : this.#memoryOf(turn.epoch)
    return memory.permitOf(wish) ?? this.#permitAnew(turn.sql, memory, wish)
  }

  /** Permission to read what is committed, as of `epoch`; true only if the reading is then witnessed at that epoch. */
  permitAt<A extends Action>(database: Database<never>, epoch: number, wish: Wish<A>): Permit<A> | Promise<Permit<A>> {
    const memory = this.#memoryOf(epoch)
    return memory.permitOf(wish) ?? this.#permitAnew(database.read, memory, wish)
  }

  /** Whether it would be permitted as of `epoch`. */
  allowsAt(database: Database<never>, epoch: number, wish: Wish<Action>): Promise<boolean> {
    return isGiven(() => this.permitAt(database, epoch, wish))
  }

  /** Whether it would be permitted in this turn. */
  allowsIn(turn: Turn, wish: Wish<Action>): Promise<boolean> {
    return isGiven(() => this.permitIn(turn, wish))
  }

  async #permitAnew<A extends Action>(sql: Sql, memory: Memory, wish: Wish<A>): Promise<Permit<A>> {
    const permit = permitFrom(memory, await this.#rightsOf(sql, wish, memory), wish)
    memory.keepPermit(wish, permit)
    return permit
  }

  /** A memory that was begun at another epoch is left to those who still read into it, and believed by nobody else. */
  #memoryOf(epoch: number): Memory {
    if (epoch !== this.#epoch) {
      this.#memory = new Memory()
      this.#epoch = epoch
    }
    return this.#memory
  }

  async #rightsOf(sql: Sql, { caller, resource }: Wish<Action>, memory: Memory): Promise<Rights> {
    const key = memoryKey(caller)
    let standing = memory.standings.get(key)
    if (standing === undefined) {
      standing = await this.#look(sql, caller)
      if (memory.standings.size >= callersMax) memory.standings.delete(memory.standings.keys().next().value as string)
      memory.standings.set(key, standing)
    }
    const container = containerOf(resource)
    if (container === undefined) return new Rights(standing.byRoles, undefined, undefined)
    let model = memory.models.get(container)
    if (model === undefined) {
      model = await permissionModelOf(sql, this.#keyring, container)
      if (memory.models.size >= callersMax) memory.models.clear()
      memory.models.set(container, model)
    }
    return new Rights(standing.byRoles, container, insideOf(memory, standing, caller, container, model))
  }

  async #look(sql: Sql, caller: Caller): Promise<Standing> {
    const { principals, held } = await holdingOf(sql, this.#keyring, caller)
    const always = held.filter(({ role }) => isOurs(role)).map(grantOf)
    return { principals, byRoles: new Grants(held.map(grantOf)), always }
  }
}

const memoryKey = ({ objectId, credential = '' }: Caller): string => `${objectId} ${credential}`

/** What a caller may do with the data in a vault or store that doesn't go by roles; undefined where it does. */
function insideOf(
  memory: Memory,
  standing: Standing,
  caller: Caller,
  container: string,
  model: PermissionModel,
): Grants | undefined {
  if (model.closed) return none
  if (model.kind === 'roles') return undefined
  const key = `${container} ${memoryKey(caller)} ${caller.appId}`
  let grants = memory.inside.get(key)
  if (grants === undefined) {
    grants = grantsUnderPolicies(
      model,
      { principals: standing.principals, appId: caller.appId },
      container,
      standing.always,
    )
    if (memory.inside.size >= callersMax) memory.inside.clear()
    memory.inside.set(key, grants)
  }
  return grants
}

/**
 * Under access policies Azure's roles count for nothing. Cardea's own still do: they are about what policies have no
 * word for, and the workers act by them.
 */
const grantsUnderPolicies = (
  { policies }: PermissionModel,
  who: { readonly principals: readonly string[]; readonly appId: string },
  container: string,
  always: readonly Grant[],
): Grants => new Grants([...grantsByPolicy(policies, who, container), ...always])

/** Rights whose condition is about what the request brings; the door asks again, with the assignment in hand. */
const asksAgain: ReadonlySet<Action> = new Set<Action>(['roles/assign', 'roles/unassign'])

async function isGiven(permit: () => Permit<Action> | Promise<Permit<Action>>): Promise<boolean> {
  try {
    await permit()
    return true
  } catch (error) {
    if (error instanceof Fault && error.code === 'forbidden') return false
    throw error
  }
}

function permitFrom<A extends Action>(memory: Memory, rights: Rights, wish: Wish<A>): Permit<A> {
  const { action, resource, reach } = wish
  const grants = rights.about(action, resource)
  const grant =
    reach === 'within' || asksAgain.has(action)
      ? grants.promising(action, resource, reach === 'within')
      : grants.allowing(action, resource)
  if (grant === undefined) throw forbidden(memory, wish)
  return new Granted(action, grant.assignment, rights)
}

function forbidden(memory: Memory, { caller, action, resource }: Wish<Action>): Fault {
  const container = containerOf(resource)
  const model = container === undefined ? undefined : memory.models.get(container)
  const groups = (memory.standings.get(memoryKey(caller))?.principals.length ?? 1) - 1
  return new Fault('forbidden', 'Caller is not authorized to perform action on resource.', {
    appId: caller.appId,
    objectId: caller.objectId,
    action: actions[action],
    resource: resource.toLowerCase(),
    ...(model?.kind === 'policies' &&
      spokenOf(action) && { policy: wordFor(action), groups: String(Math.max(0, groups)) }),
  })
}
