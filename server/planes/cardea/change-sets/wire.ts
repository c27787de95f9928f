import type {
  ChangeSetDetail,
  ChangeSetView,
  changeDeeds,
  PlanView,
  SettingView,
  StepView,
} from '@cardea/contract/cardea/change-sets'
import { json } from '#base/media-types.ts'
import type { Sql } from '#base/sql.ts'
import type { Change, ChangeSet, Step } from '#core/configuration/change-set.ts'
import type { Plan } from '#core/configuration/change-sets.ts'
import type { House } from '#core/configuration/configuration.ts'
import type { Shown } from '#core/configuration/kept-change-sets.ts'
import { targetOf } from '#core/configuration/reference.ts'
import type { Address, Selection, Tags, Written } from '#core/configuration/setting.ts'
import type { Caller } from '#core/identity/caller.ts'
import { filterFrom, tagsFrom } from '../../appconfig/filter.ts'
import { seenBy, type Vaults, warnings } from '../../appconfig/references.ts'
import { Reply } from '../../plane.ts'

/** What the routes of change sets need to know of the house around them. */
export type Around = House & Vaults

type Given = {
  readonly do: (typeof changeDeeds)[number]
  readonly key: string
  readonly label: string | undefined
  readonly value: string | null | undefined
  readonly content_type: string | null | undefined
  readonly tags: Tags | null | undefined
  readonly description: string | null | undefined
  readonly locked: boolean | undefined
  readonly if_match: string | undefined
  readonly if_none_match: string | undefined
}

/** The treaty's words into ours. */
export function changeFrom({
  do: deed,
  key,
  label,
  if_match: match,
  if_none_match: noneMatch,
  ...given
}: Given): Change {
  const change = { key, label, condition: { match, noneMatch } }
  if (deed !== 'set') return { ...change, deed }
  const { value, content_type: contentType, tags, description = null, locked = false } = given
  const draft = { value: value ?? undefined, contentType: contentType ?? undefined, tags: tags ?? {}, description }
  return { ...change, deed, draft, locked }
}

type Past = {
  readonly key: string | undefined
  readonly label: string | undefined
  readonly tags: readonly string[]
}
/** Which settings a restoration is about. */
export const selectionFrom = ({ key, label, tags }: Past): Selection => ({
  key: filterFrom('key', key),
  label: filterFrom('label', label, 'label'),
  tags: tagsFrom('tags', tags),
})

/** Ours into the treaty's. */
const settingView = ({ value, contentType, tags, description, locked }: Omit<Written, 'etag' | 'modified'>) => ({
  value: value ?? null,
  content_type: contentType ?? null,
  tags: { ...tags },
  description: description ?? null,
  locked,
})
const orNull = (written: Written | undefined): SettingView | null =>
  written === undefined ? null : settingView(written)

const stepView = ({ key, label, deed, before, after }: Step): StepView => ({
  ...{ key, label: label ?? null, does: deed },
  before: orNull(before),
  after: orNull(after),
})

/** A change that hasn't been made: what is there doesn't count for it yet. */
function pendingView(change: Change): StepView {
  const { key, label, deed } = change
  const view = { key, label: label ?? null, before: null }
  if (change.deed !== 'set') return { ...view, does: deed === 'set' ? 'change' : deed, after: null }
  const { draft, locked } = change
  const after = settingView({ ...draft, key, label, locked, description: draft.description ?? undefined })
  return { ...view, does: 'change', after }
}

/** A preview, with what its maker is to be warned of: secrets that can't be had where settings point. */
export async function planView(
  around: Around,
  { sql }: { readonly sql: Sql },
  caller: Caller,
  { basis, planned, changedSince = [] }: Plan & { readonly changedSince?: readonly Address[] },
): Promise<Reply> {
  const since = new Set(changedSince.map(placeOf))
  const steps = await Promise.all(
    planned.map(async (one): Promise<PlanView['steps'][number]> => {
      const view =
        one.problem === undefined ? stepView(one.step) : { ...pendingView(one.change), before: orNull(one.before) }
      const target =
        one.problem === undefined && one.step.after !== undefined && one.step.deed !== 'none'
          ? targetOf(one.step.after, around.domain)
          : undefined
      const words = target && warnings[await seenBy(around, sql, caller, target)]
      const changed = since.has(placeOf({ key: view.key, label: view.label ?? undefined }))
      return {
        ...view,
        problem: one.problem ?? null,
        warnings: [...(words === undefined ? [] : [words]), ...(changed ? ['The setting has changed since.'] : [])],
      }
    }),
  )
  const applicable = steps.every(({ problem }) => problem === null) && changedSince.length === 0
  return jsonReply(200, { basis, applicable, steps } satisfies PlanView)
}
const placeOf = ({ key, label }: Address): string => `${key}\n${label ?? ''}`

const iso = (at: number | undefined): string | null => (at === undefined ? null : new Date(at).toISOString())

/** A change set, without what it does to each setting. */
export const changeSetView = (set: ChangeSet): ChangeSetView => ({
  id: set.id,
  state: set.state,
  description: set.description ?? null,
  origin: set.origin.kind,
  undoes: set.origin.kind === 'undo' ? set.origin.of : null,
  undone_by: set.undoneBy ?? null,
  restores: set.origin.kind === 'restore' ? iso(set.origin.at) : null,
  creator: set.creator.objectId,
  created: new Date(set.created).toISOString(),
  activates: iso(set.activates),
  ended: iso(set.ended),
  failure: set.failure ?? null,
  count: set.count,
})

/** A change set with what it does, or did, to each setting. */
export const detailView = ({ set, ...content }: Shown): ChangeSetDetail => ({
  ...changeSetView(set),
  steps: 'steps' in content ? content.steps.map(stepView) : content.changes.map(pendingView),
})

/** An answer in JSON, which the plane's words leave as it is. */
export const jsonReply = (status: number, body: object): Reply =>
  new Reply(status, { 'content-type': json }, JSON.stringify(body))
