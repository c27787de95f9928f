import type { ChangeSetView, PlanView, SettingView, StepView } from '@cardea/contract/cardea/change-sets'
import { type Paint, shown } from './print.ts'
import { bareValueText, valueText } from './setting-text.ts'

/** What a plan would do, line by line: what is added, changed and taken away, and what stands against it. */
export function planText({ steps, basis, applicable }: PlanView, paint: Paint): string[] {
  const lines = steps.flatMap((step) => [
    ...stepText(step, paint),
    ...(step.problem === null ? [] : [paint.bad(`    ${shown(step.problem)}`)]),
    ...step.warnings.map((warning) => paint.warn(`    ${shown(warning)}`)),
  ])
  if (steps.length === 0) return ['Nothing is to be done.']
  const verdict = applicable ? paint.dim(`basis ${basis}`) : paint.bad('This can’t be applied as it is.')
  return [...lines, '', verdict]
}

const marks = { create: '+', change: '~', delete: '-', lock: 'lock', unlock: 'unlock', none: '=' } as const

/** A setting and what becomes of it. */
export function stepText({ key, label, does, before, after }: StepView, paint: Paint): string[] {
  const name = paint.name(shown(key)) + (label === null ? '' : ` (label ${shown(label)})`)
  const line = `${paintOf(does, paint)(marks[does])} ${name}`
  switch (does) {
    case 'create':
      return [`${line}  ${text(after)}`]
    case 'delete':
      return [`${line}  ${paint.dim(text(before))}`]
    case 'change':
      return [`${line}  ${before === null || after === null ? text(after) : differences(before, after)}`]
    default:
      return [line]
  }
}

function paintOf(does: StepView['does'], paint: Paint): (text: string) => string {
  if (does === 'create') return paint.good
  if (does === 'delete') return paint.bad
  return does === 'none' ? paint.dim : paint.warn
}

const text = (setting: SettingView | null): string => (setting === null ? '' : valueText(setting))

function differences(before: SettingView, after: SettingView): string {
  const value = before.value === after.value ? '' : `${valueText(before)} → ${bareValueText(after)}`
  const others = (['content_type', 'tags', 'description', 'locked'] as const)
    .filter((member) => JSON.stringify(before[member]) !== JSON.stringify(after[member]))
    .map((member) => member.replace('_', ' '))
  return [value, ...(others.length === 0 ? [] : [`(${others.join(', ')})`])].filter((part) => part !== '').join(' ')
}

/** `1 setting`, `5 settings`. */
export const settingsText = (count: number): string => `${count} setting${count === 1 ? '' : 's'}`

/** How a change set stands. */
export function stateText({ state, activates }: ChangeSetView, paint: Paint): string {
  if (state === 'failed') return paint.bad(state)
  return state === 'waiting' ? paint.warn(`waiting for ${activates}`) : state
}

/** What a change set without words of its own was made for. */
export const originText = ({ origin, undoes, restores }: ChangeSetView): string =>
  origin === 'undo' ? `undoes ${undoes}` : origin === 'restore' ? `restores ${restores}` : ''
