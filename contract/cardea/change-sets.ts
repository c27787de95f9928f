import {
  clean,
  filterText,
  pageToken,
  description as settingDescription,
  settingKey,
  settingLabel,
  settingTags,
  tagFilters,
  wanted,
} from '../appconfig/key-values.ts'
import { instant } from '../instant.ts'
import { operation } from '../operation.ts'
import { flag, list, nothing, nullable, oneOf, optional, record, type Shape, text } from '../shape.ts'

/**
 * Change sets (ours), on a store's host: several settings are written, deleted, locked and unlocked at once, and no reader
 * ever sees half of it. Settings are spelled as in `/kv`; what a `set` doesn't say is gone.
 */
export const changesMax = 1_000
/** All settings that a change set writes may have at most so many bytes together. */
export const changeSetBytesMax = 2 * 1024 * 1024
/** The same as JSON, some of it escaped. */
const bodyBytesMax = 8 * 1024 * 1024

const etag = optional(text({ maxCharacters: 256 }))
export const changeDeeds = ['set', 'delete', 'lock', 'unlock'] as const
const change = record({
  do: oneOf(...changeDeeds),
  key: settingKey,
  label: settingLabelOrNull(),
  value: nullable(text()),
  content_type: nullable(text({ maxCharacters: 1024, pattern: clean, wanted })),
  tags: nullable(settingTags),
  description: nullable(settingDescription),
  locked: optional(flag),
  /** The etag that the setting must have, or `*` for any. */
  if_match: etag,
  /** The etag that it must not have; `*`: it must not be there. */
  if_none_match: etag,
})
function settingLabelOrNull(): Shape<string | undefined> {
  return { read: (value, where) => settingLabel.read(value ?? undefined, where) }
}

const id = text({ pattern: /^[0-9a-f-]{36}$/, wanted: 'the id of a change set' })
const basis = optional(text({ pattern: /^[\w-]{43}$/, wanted: 'the basis that a plan has answered' }))
const words = optional(text({ maxCharacters: 1024 }))
const none = record({})
const identified = record({ id })
const path = '/.cardea/changesets'

export const planChangeSet = operation({
  id: 'ChangeSetPlan',
  method: 'POST',
  path: `${path}/plan`,
  since: 'always',
  action: 'settings/write',
  reach: 'within',
  effect: 'read',
  params: none,
  query: none,
  // How many there may be is said by core, with the number that there are.
  body: record({ changes: list(change) }),
  status: 200,
  bodyBytesMax,
})

export const applyChangeSet = operation({
  id: 'ChangeSetApply',
  method: 'POST',
  path,
  since: 'always',
  action: 'settings/write',
  reach: 'within',
  effect: 'write',
  params: none,
  query: none,
  body: record({
    changes: list(change),
    /** From a plan: applied only if nothing that the plan was made against has changed. */
    basis,
    description: words,
    /** When it is to be applied; without it, now. */
    activates: optional(instant()),
  }),
  status: 200,
  bodyBytesMax,
})

export const listChangeSets = operation({
  id: 'ChangeSetList',
  method: 'GET',
  path,
  since: 'always',
  action: 'settings/read',
  reach: 'within',
  effect: 'read',
  params: none,
  query: record({ after: pageToken }),
  body: nothing,
  status: 200,
})

export const getChangeSet = operation({
  id: 'ChangeSetGet',
  method: 'GET',
  path: `${path}/:id`,
  since: 'always',
  action: 'settings/read',
  reach: 'within',
  effect: 'read',
  params: identified,
  query: none,
  body: nothing,
  status: 200,
})

/** A change set that waits for its time won't be applied. */
export const cancelChangeSet = operation({
  id: 'ChangeSetCancel',
  method: 'POST',
  path: `${path}/:id/cancel`,
  since: 'always',
  action: 'settings/write',
  reach: 'within',
  effect: 'write',
  params: identified,
  query: none,
  body: nothing,
  status: 200,
})

export const planUndo = operation({
  id: 'ChangeSetUndoPlan',
  method: 'POST',
  path: `${path}/:id/undo/plan`,
  since: 'always',
  action: 'settings/write',
  reach: 'within',
  effect: 'read',
  params: identified,
  query: none,
  body: nothing,
  status: 200,
})

/** Puts back what was there before a change set, as a change set of its own. */
export const undoChangeSet = operation({
  id: 'ChangeSetUndo',
  method: 'POST',
  path: `${path}/:id/undo`,
  since: 'always',
  action: 'settings/write',
  reach: 'within',
  effect: 'write',
  params: identified,
  query: none,
  body: optional(
    record({
      /** Also where settings have changed since. */
      force: optional(flag),
      description: words,
    }),
  ),
  status: 200,
})

const past = {
  at: instant(),
  key: filterText,
  label: filterText,
  tags: tagFilters,
}

export const planRestore = operation({
  id: 'RestorePlan',
  method: 'POST',
  path: '/.cardea/restore/plan',
  since: 'always',
  action: 'settings/write',
  reach: 'within',
  effect: 'read',
  params: none,
  query: none,
  body: record(past),
  status: 200,
})

/** Puts settings back to what they were at an instant, as a change set. */
export const restore = operation({
  id: 'RestoreApply',
  method: 'POST',
  path: '/.cardea/restore',
  since: 'always',
  action: 'settings/write',
  reach: 'within',
  effect: 'write',
  params: none,
  query: none,
  body: record({ ...past, basis, description: words }),
  status: 200,
})

/** A setting as it was, or as it is to be. */
export type SettingView = {
  value: string | null
  content_type: string | null
  tags: Record<string, string | null>
  description: string | null
  locked: boolean
}

/** What becomes, or became, of one setting. */
export type StepView = {
  key: string
  label: string | null
  /** `none`: it says what is there already. */
  does: 'create' | 'change' | 'delete' | 'lock' | 'unlock' | 'none'
  before: SettingView | null
  after: SettingView | null
}

/** A preview. */
export type PlanView = {
  /** To be sent along to apply exactly this. */
  basis: string
  /** Whether all of it could be applied now. */
  applicable: boolean
  steps: (StepView & {
    /** Why this can't be done, if it can't. */
    problem: string | null
    /** What can be done, and may not be what was meant. */
    warnings: string[]
  })[]
}

/** A change set. Times are those of ISO 8601. */
export type ChangeSetView = {
  id: string
  state: 'waiting' | 'applied' | 'undone' | 'cancelled' | 'failed'
  description: string | null
  origin: 'changes' | 'undo' | 'restore'
  /** The change set that it undoes. */
  undoes: string | null
  undone_by: string | null
  /** The instant to which it restored. */
  restores: string | null
  /** The object id of who made it. */
  creator: string
  created: string
  activates: string | null
  ended: string | null
  /** Why it failed. */
  failure: string | null
  /** How many settings it is about. */
  count: number
}
export type ChangeSetDetail = ChangeSetView & {
  /** As far as the reader may see them. While it waits nothing is before, and what it does may yet turn out to be less. */
  steps: StepView[]
}
export type ChangeSetPage = { items: ChangeSetView[]; '@nextLink'?: string }
