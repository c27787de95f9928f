import { type Action, actions } from '@cardea/contract/actions'
import type { Reach } from '@cardea/contract/operation'
import type { Database, Turn } from '#base/database.ts'
import { Fault } from '#base/fault.ts'
import type { Sql } from '#base/sql.ts'
import { accessKeyIn, type Caller } from '#core/identity/caller.ts'
import { directoryKey, principalEnabled } from '#core/identity/directory.ts'
import { groupsOf } from '#core/identity/membership.ts'
import { revoked, tokenStands } from '#core/identity/standing.ts'
import type { Keyring } from '#core/sealing/keyring.ts'
import { assignmentsOfAccessKey } from './access-keys.ts'
import { addAssignment, assignmentsOf, removeAssignment } from './access-rows.ts'
import { allowing, allowingWithin, type Grant, grantOf, type RoleAssignment, roleExists } from './grant.ts'

/**
 * Permission as a value. Only this room makes one: the class is not exported, and its private field makes anything that
 * merely looks like it another type. A door that needs `Permit<'secrets/get'>` can't be opened with another.
 */
class Granted<A extends Action> {
  readonly #action: A
  /** The assignment that allowed it. */
  readonly assignment: string
  readonly #grants: readonly Grant[]
  constructor(action: A, assignment: string, grants: readonly Grant[]) {
    this.#action = action
    this.assignment = assignment
    this.#grants = grants
  }
  get action(): A {
    return this.#action
  }
  /** Whether the same caller may do another thing: for lists that show only what the reader may see. */
  allows(action: Action, resource: string): boolean {
    return allowing(this.#grants, action, resource) !== undefined
  }
}
export type Permit<A extends Action> = Granted<A>

export type Wish<A extends Action> = {
  readonly caller: Caller
  readonly action: A
  readonly resource: string
  readonly reach?: Reach
}

/** More principals than this are not kept in memory; those asked for least recently go first. */
const principalsMax = 10_000

/**
 * What everybody may do, compiled and kept in memory for as long as the epoch stands. A change of access moves the
 * epoch, and then nothing kept before is believed.
 */
export class AccessBook {
  readonly #keyring: Keyring
  #epoch = -1
  readonly #grants = new Map<string, readonly Grant[]>()

  constructor(keyring: Keyring) {
    this.#keyring = keyring
  }

  /**
   * The grants of a caller as they stand at this epoch; none for one that is unknown or disabled. One whose credential
   * was taken away since is sent back to prove itself anew.
   */
  async #grantsOf(sql: Sql, caller: Caller, epoch: number, keep: boolean): Promise<readonly Grant[]> {
    const key = memoryKey(caller)
    if (keep && epoch !== this.#epoch) {
      this.#grants.clear()
      this.#epoch = epoch
    }
    const kept = keep ? this.#grants.get(key) : undefined
    if (kept !== undefined) return kept
    const grants = (await assignmentsTo(sql, this.#keyring, caller)).map(grantOf)
    // The epoch may have moved while we read.
    if (keep && epoch === this.#epoch) {
      if (this.#grants.size >= principalsMax) this.#grants.delete(this.#grants.keys().next().value as string)
      this.#grants.set(key, grants)
    }
    return grants
  }

  /** The grants in memory, if they are there: the hot path asks so first. */
  #kept(caller: Caller, epoch: number): readonly Grant[] | undefined {
    return epoch === this.#epoch ? this.#grants.get(memoryKey(caller)) : undefined
  }

  /** Permission inside a turn that changes things. */
  async permitIn<A extends Action>(turn: Turn, wish: Wish<A>): Promise<Permit<A>> {
    return permitFrom(await this.#grantsOf(turn.sql, wish.caller, turn.epoch, !turn.accessChanged), wish)
  }

  /** Permission to read what is committed, as of `epoch`; true only if the reading is then witnessed at that epoch. */
  async permitAt<A extends Action>(database: Database<never>, epoch: number, wish: Wish<A>): Promise<Permit<A>> {
    const grants = this.#kept(wish.caller, epoch) ?? (await this.#grantsOf(database.read, wish.caller, epoch, true))
    return permitFrom(grants, wish)
  }
}

const memoryKey = ({ objectId, credential = '' }: Caller): string => `${objectId} ${credential}`

/** What was assigned to a caller: an access key has its rights by itself, a principal by role assignments. */
async function assignmentsTo(
  sql: Sql,
  keyring: Keyring,
  { objectId: caller, credential }: Caller,
): Promise<readonly RoleAssignment[]> {
  const accessKey = accessKeyIn(caller)
  if (accessKey !== undefined) return assignmentsOfAccessKey(sql, keyring, accessKey)
  if (caller === '' || !(await principalEnabled(sql, caller))) return []
  if (credential !== undefined && !(await tokenStands(sql, keyring, caller, credential))) throw revoked()
  const proven: RoleAssignment[] = []
  for (const principal of [caller, ...(await groupsOf(sql, keyring, caller))]) {
    for (const { proof, ...assignment } of await assignmentsOf(sql, principal)) {
      if (await keyring.isFingerprint(sql, directoryKey, wordsOf(assignment), proof)) proven.push(assignment)
    }
  }
  return proven
}

/** What a proof is made over: a row that the database's administrator changes or adds doesn't fit its own. */
const wordsOf = ({ id, principal, role, scope }: RoleAssignment): string =>
  JSON.stringify(['assignment', id, principal, role, scope])

function permitFrom<A extends Action>(
  grants: readonly Grant[],
  { caller, action, resource, reach }: Wish<A>,
): Permit<A> {
  const grant = (reach === 'within' ? allowingWithin : allowing)(grants, action, resource)
  if (grant === undefined) {
    throw new Fault('forbidden', 'Caller is not authorized to perform action on resource.', {
      appId: caller.appId,
      objectId: caller.objectId,
      action: actions[action],
      resource: resource.toLowerCase(),
    })
  }
  return new Granted(action, grant.assignment, grants)
}

type Changing<A extends Action> = { readonly turn: Turn; readonly keyring: Keyring; readonly permit: Permit<A> }

/** Assigns a role. The same role for the same principal at the same scope twice is a conflict. */
export async function assignRole(
  { turn, keyring }: Changing<'roles/assign'>,
  assignment: RoleAssignment,
): Promise<void> {
  await keepAssignment(turn, keyring, assignment)
}

/** Takes an assignment away; it holds no longer from the moment this is answered. */
export async function unassignRole({ turn }: Changing<'roles/unassign'>, id: string): Promise<void> {
  if (!(await removeAssignment(turn.sql, id))) throw new Fault('not-found', 'There is no such role assignment.')
  turn.changeAccess()
}

/** The founding of an installation assigns its first roles, in the turn that makes it; nobody could be permitted to. */
export async function foundRole(turn: Turn, keyring: Keyring, assignment: RoleAssignment): Promise<void> {
  await keepAssignment(turn, keyring, assignment)
}

async function keepAssignment(turn: Turn, keyring: Keyring, assignment: RoleAssignment): Promise<void> {
  if (!roleExists(assignment.role)) throw new Fault('not-found', 'There is no such role definition.')
  const proof = await keyring.fingerprint(turn.sql, directoryKey, wordsOf(assignment))
  if (!(await addAssignment(turn.sql, { ...assignment, proof }, turn.at))) {
    throw new Fault('conflict', 'The role assignment already exists.')
  }
  turn.changeAccess()
}
