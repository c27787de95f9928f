import { createHash, randomUUID } from 'node:crypto'
import { Fault } from '#base/fault.ts'
import type { Scope, Sight, Writing } from '#core/perform.ts'
import { scheduleAt, subjectWithin, unschedule } from '#core/schedule/schedule.ts'
import type { Store } from '#core/vaults/store.ts'
import {
  about,
  type Change,
  type ChangeSet,
  type Creator,
  namesOf,
  type Origin,
  refuseFlaws,
  refuseHeavy,
  refuseUnfit,
  type Step,
  stepOf,
  undoing,
  unmetTitle,
} from './change-set.ts'
import { type House, keepWritten, newEtag, settingAt, takeAway } from './keeping.ts'
import { found, foundWhole, keepChanged, keepNew, tagsOfChange } from './kept-change-sets.ts'
import { type Address, drafted, type Setting } from './setting.ts'
import { keptSetting } from './setting-rows.ts'
import { refuseHidden, resourceOf } from './sight.ts'

/** The kind under which a change set waits for its time. */
export const changeSetDue = 'change-set'

/** What it takes to look at what changes would do. */
type Hand = Pick<Scope<'settings/write'>, 'sql' | 'at' | 'keyring' | 'permit'>
type WriteScope = Scope<'settings/write'>

const addressOf = ({ key, label }: Address): Address => ({ key, label })

/** Refuses a change that the caller may not make to what is there. */
function refuseForbidden(permit: Hand['permit'], store: Store, change: Change, before: Setting | undefined): void {
  const unseen = { ...addressOf(change), tags: {} }
  const action = change.deed === 'delete' ? 'settings/delete' : 'settings/write'
  const judged = change.deed === 'set' ? [before, { ...unseen, tags: change.draft.tags }] : [before ?? unseen]
  refuseHidden(permit, store, action, judged)
}

/** What is there where changes are to be made; refuses a caller who may not make each of them. */
async function beforeOf(
  { sql, keyring, permit }: Hand,
  store: Store,
  changes: readonly Change[],
): Promise<(Setting | undefined)[]> {
  const found: (Setting | undefined)[] = []
  for (const [index, change] of changes.entries()) {
    const before = await settingAt(sql, keyring, store, change)
    try {
      refuseForbidden(permit, store, change, before)
    } catch (error) {
      throw about(error, change, index)
    }
    found.push(before)
  }
  return found
}

/** What is to be done, and the state that it was planned against: whoever brings it again has seen both. */
function basisOf(changes: readonly Change[], before: readonly (Setting | undefined)[]): string {
  const etags = before.map((setting) => setting?.etag ?? null)
  return createHash('sha256')
    .update(JSON.stringify([changes, etags]))
    .digest('base64url')
}

function refuseOther(basis: string | undefined, found: string): void {
  if (basis === undefined || basis === found) return
  const words = 'What was planned is something else, or settings that it is about have changed since. Plan again.'
  throw new Fault('precondition', words, { title: unmetTitle })
}

function refuseEmpty(changes: readonly Change[]): void {
  if (changes.length === 0) throw new Fault('invalid', 'A change set must change something.', { where: 'changes' })
}

/** A preview of one change: what it would do, or why it can't be done. */
type Planned =
  | { readonly step: Step; readonly problem: undefined }
  | { readonly change: Change; readonly before: Setting | undefined; readonly problem: string }
export type Plan = { readonly basis: string; readonly planned: readonly Planned[] }

/** What changes would do now. It shows what is there, so its reader must be one who may read that. */
export async function planChanges(
  sight: Sight<'settings/write'>,
  store: Store,
  changes: readonly Change[],
): Promise<Plan> {
  refuseUnfit(changes)
  const before = await beforeOf(sight, store, changes)
  refuseHidden(
    sight.permit,
    store,
    'settings/read',
    changes.map((change, index) => before[index] ?? { ...addressOf(change), tags: tagsOfChange(change)[0] ?? {} }),
  )
  const planned = changes.map((change, index) => plannedOf(store, change, before[index], sight.at))
  refuseHeavy(planned.flatMap((one) => (one.problem === undefined ? [one.step] : [])))
  return { basis: basisOf(changes, before), planned }
}

function plannedOf(store: Store, change: Change, before: Setting | undefined, at: number): Planned {
  try {
    return { step: stepOf(store, change, before, '', at), problem: undefined }
  } catch (error) {
    if (error instanceof Fault) return { change, before, problem: error.message }
    throw error
  }
}

/** What somebody wants to be changed together. */
export type Wanted = {
  readonly changes: readonly Change[]
  readonly basis?: string | undefined
  readonly description?: string | undefined
  readonly origin?: Origin
}
/** A change set, and what it did. */
export type Applied = { readonly set: ChangeSet; readonly steps: readonly Step[] }

const newChangeSet = ({ changes, basis, description, origin }: Wanted, creator: Creator, at: number): ChangeSet => ({
  id: randomUUID(),
  state: 'waiting',
  description,
  origin: origin ?? { kind: 'changes' },
  creator: { objectId: creator.objectId, appId: creator.appId },
  created: at,
  activates: undefined,
  basis,
  ended: undefined,
  failure: undefined,
  undoneBy: undefined,
  count: changes.length,
})

/** Makes all of these changes, in the one turn that this is, or none of them. */
export async function applyChanges(
  scope: WriteScope,
  store: Store,
  wanted: Wanted,
  creator: Creator,
  house: House,
): Promise<Applied> {
  const steps = await takeSteps(scope, store, wanted, house)
  const made = newChangeSet(wanted, creator, scope.at)
  const set: ChangeSet = { ...made, state: 'applied', ended: scope.at }
  await keepNew(scope, store, set, { steps })
  scope.meet(`changeSets/${set.id}`)
  return { set, steps }
}

async function takeSteps(
  scope: WriteScope,
  store: Store,
  { changes, basis }: Wanted,
  house: House,
): Promise<readonly Step[]> {
  refuseEmpty(changes)
  refuseUnfit(changes)
  const before = await beforeOf(scope, store, changes)
  refuseOther(basis, basisOf(changes, before))
  const steps = changes.map((change, index) => {
    try {
      return stepOf(store, change, before[index], newEtag(), scope.at)
    } catch (error) {
      throw about(error, change, index)
    }
  })
  refuseHeavy(steps)
  for (const { deed, before, after, ...address } of steps) {
    if (deed === 'none') continue
    if (after !== undefined) await keepWritten(scope, store, after, house)
    else if (before !== undefined) await takeAway(scope, store, before)
    scope.touch(resourceOf(store, address))
  }
  return steps
}

/** A change set may wait for a year at most. */
const waitMsMax = 366 * 86_400_000

/** Keeps changes, sealed, until a moment at which a worker makes them with the rights that their maker has then. */
export async function applyLater(
  scope: WriteScope,
  store: Store,
  wanted: Wanted,
  activates: number,
  creator: Creator,
): Promise<ChangeSet> {
  const { at, turn } = scope
  if (activates <= at || activates > at + waitMsMax) {
    throw new Fault('invalid', 'A change set can wait until a moment within the next year.', { where: 'activates' })
  }
  const { changes, basis } = wanted
  refuseEmpty(changes)
  refuseUnfit(changes)
  const before = await beforeOf(scope, store, changes)
  refuseOther(basis, basisOf(changes, before))
  // Locks and conditions are of the moment in which it is applied; what is wrong for ever is refused now.
  for (const [index, change] of changes.entries()) {
    if (change.deed !== 'set') continue
    try {
      refuseFlaws(store, { ...drafted(change, change.draft, undefined, '', at) })
    } catch (error) {
      throw about(error, change, index)
    }
  }
  const set: ChangeSet = { ...newChangeSet(wanted, creator, at), activates }
  await keepNew(scope, store, set, { changes })
  await scheduleAt(turn, changeSetDue, subjectWithin(store.name, set.id), activates)
  scope.meet(`changeSets/${set.id}`)
  return set
}

/** A change set that waits won't be applied. Who cancels it may make each of its changes. */
export async function cancelChangeSet(scope: WriteScope, store: Store, id: string): Promise<ChangeSet> {
  const { set, content } = await foundWhole(scope, store, id)
  scope.meet(`changeSets/${id}`)
  if (set.state !== 'waiting' || !('changes' in content)) throw notWaiting(set)
  await beforeOf(scope, store, content.changes)
  const cancelled: ChangeSet = { ...set, state: 'cancelled', ended: scope.at }
  await keepChanged(scope, store, cancelled, content)
  await unschedule(scope.turn, changeSetDue, subjectWithin(store.name, id))
  return cancelled
}
const notWaiting = ({ state }: ChangeSet): Fault =>
  new Fault('conflict', `Only a change set that waits can be cancelled; this one is ${state}.`)

/** What undoes a change set, for who may make each of its changes. */
async function undoOf(hand: Hand, store: Store, id: string) {
  const { set, content } = await foundWhole(hand, store, id)
  if (set.state !== 'applied' || !('steps' in content))
    throw new Fault('conflict', `Only a change set that is applied can be undone; this one is ${set.state}.`)
  const etags = new Map<Address, string | undefined>()
  for (const step of content.steps) etags.set(step, (await keptSetting(hand.sql, store.name, step))?.setting.etag)
  const undo = undoing(content.steps, (address) => etags.get(address))
  if (undo.changes.length === 0) throw new Fault('conflict', 'The change set has changed nothing.')
  await beforeOf(hand, store, undo.changes)
  return { set, content, ...undo }
}

/** What the undoing of a change set would do now, and which settings have changed since it was applied. */
export async function planUndo(
  sight: Sight<'settings/write'>,
  store: Store,
  id: string,
): Promise<Plan & { readonly changedSince: readonly Address[] }> {
  const { changes, changedSince } = await undoOf(sight, store, id)
  return { ...(await planChanges(sight, store, changes)), changedSince }
}

/** Puts back what was there before a change set; what has changed since only if that is `force`d. */
export async function undoChangeSet(
  scope: WriteScope,
  store: Store,
  id: string,
  { force, description }: { readonly force: boolean; readonly description: string | undefined },
  creator: Creator,
  house: House,
): Promise<Applied> {
  const { set, content, changes, changedSince } = await undoOf(scope, store, id)
  if (changedSince.length > 0 && !force) {
    const words = `These settings have changed since: ${namesOf(changedSince)}. Forced, they are put back too.`
    throw new Fault('conflict', words)
  }
  const wanted = { changes, description, origin: { kind: 'undo', of: id } } as const
  const applied = await applyChanges(scope, store, wanted, creator, house)
  const undone: ChangeSet = { ...set, state: 'undone', undoneBy: applied.set.id }
  await keepChanged(scope, store, undone, content)
  return applied
}

/** Applies a change set whose time has come, as who made it; one that doesn't wait any more stays as it is. */
export async function activateChangeSet(scope: WriteScope, store: Store, id: string, house: House): Promise<void> {
  const { set, content } = await found(scope, store, id)
  if (set.state !== 'waiting' || !('changes' in content)) return
  scope.meet(`changeSets/${id}`)
  const steps = await takeSteps(scope, store, { changes: content.changes, basis: set.basis }, house)
  const applied: ChangeSet = { ...set, state: 'applied', ended: scope.at }
  await keepChanged(scope, store, applied, { steps })
}

/** Gives up a change set that couldn't be applied when its time came. */
export async function failChangeSet(
  writing: Pick<Writing, 'sql' | 'at' | 'keyring'>,
  store: Store,
  id: string,
  failure: string,
): Promise<void> {
  const { set, content } = await found(writing, store, id)
  if (set.state !== 'waiting') return
  const failed: ChangeSet = { ...set, state: 'failed', ended: writing.at, failure }
  await keepChanged(writing, store, failed, content)
}
