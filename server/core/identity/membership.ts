import type { Turn } from '#base/database.ts'
import { Fault } from '#base/fault.ts'
import type { Sql } from '#base/sql.ts'
import type { Keyring } from '#core/sealing/keyring.ts'
import {
  addMembership,
  containersOf,
  type MembershipRow,
  membersIn,
  removeMembership,
  removeMembershipsOf,
} from './membership-rows.ts'
import { directoryKey } from './principal.ts'

/**
 * Who belongs to which group. What a group was granted its members hold, so a row that the database's administrator
 * writes or moves counts for nothing: it doesn't fit its proof.
 */
const wordsOf = (container: string, member: string): string => JSON.stringify(['member', container, member])

const isOurs = (sql: Sql, keyring: Keyring, { container, member, proof }: MembershipRow): Promise<boolean> =>
  keyring.isFingerprint(sql, directoryKey, wordsOf(container, member), proof)

type Step = (id: string) => Promise<readonly string[]>

/** All that steps lead to. Groups that contain each other do no harm: what was seen before is not asked again. */
async function reach(from: string, step: Step): Promise<string[]> {
  const seen = new Set<string>()
  const open = [from]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const id of await step(next)) {
      if (seen.has(id)) continue
      seen.add(id)
      open.push(id)
    }
  }
  return [...seen].sort()
}

const upFrom =
  (sql: Sql, keyring: Keyring): Step =>
  async (id) => {
    const rows = await containersOf(sql, id)
    const ours = await Promise.all(rows.map((row) => isOurs(sql, keyring, row)))
    return rows.filter((_, index) => ours[index]).map(({ container }) => container)
  }
const downFrom =
  (sql: Sql, keyring: Keyring): Step =>
  async (id) => {
    const rows = await membersIn(sql, id)
    const ours = await Promise.all(rows.map((row) => isOurs(sql, keyring, row)))
    return rows.filter((_, index) => ours[index]).map(({ member }) => member)
  }

/** The groups that a principal belongs to, also by way of other groups. */
export const groupsOf = (sql: Sql, keyring: Keyring, objectId: string): Promise<string[]> =>
  reach(objectId, upFrom(sql, keyring))

/** The groups that name it as a member themselves. */
export const directGroupsOf = (sql: Sql, keyring: Keyring, objectId: string): Promise<readonly string[]> =>
  upFrom(sql, keyring)(objectId)

/** Who belongs to a group, without those who belong to groups in it. */
export const membersOf = (sql: Sql, keyring: Keyring, group: string): Promise<readonly string[]> =>
  downFrom(sql, keyring)(group)

/** Who belongs to a group, also by way of groups in it. */
export const allMembersOf = (sql: Sql, keyring: Keyring, group: string): Promise<string[]> =>
  reach(group, downFrom(sql, keyring))

/** Makes a principal a member; what the group may do it may do from the moment this is answered. */
export async function join(turn: Turn, keyring: Keyring, group: string, member: string): Promise<void> {
  const proof = await keyring.fingerprint(turn.sql, directoryKey, wordsOf(group, member))
  if (!(await addMembership(turn.sql, { container: group, member, proof }))) {
    throw new Fault('invalid', "One or more added object references already exist for the property 'members'.", {
      where: 'members',
    })
  }
  turn.changeAccess()
}

/** Takes a member out; false when it was none. */
export async function leave(turn: Turn, group: string, member: string): Promise<boolean> {
  const left = await removeMembership(turn.sql, group, member)
  if (left) turn.changeAccess()
  return left
}

/** Takes a principal out of every group, and everybody out of it. */
export const dissolve = (turn: Turn, principal: string): Promise<void> => removeMembershipsOf(turn.sql, principal)
