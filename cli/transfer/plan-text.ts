import { type Paint, shown, table } from '../print.ts'
import type { Done } from './apply.ts'
import { countsOf, kinds, type Step } from './plan.ts'

/** What would be done, in rows; what is the same already is counted and not listed. */
export function planLines(plan: readonly Step[], paint: Paint): string[] {
  const rows = plan
    .filter(({ what }) => what !== 'same')
    .map(({ what, from, name, label, reason }) => [
      marks[what](paint),
      paint.name(shown(name)),
      shown(label ?? ''),
      from === null || from === name ? '' : shown(from),
      shown(reason ?? ''),
    ])
  const heads = ['WHAT', 'NAME', 'LABEL', 'FROM', 'WHY'].map((head) => ({ head, whole: head === 'NAME' }))
  const used = heads.map((_, at) => at < 2 || rows.some((row) => row[at] !== ''))
  const kept = <T>(cells: readonly T[]): T[] => cells.filter((_, at) => used[at])
  return [...(rows.length === 0 ? [] : table(paint, kept(heads), rows.map(kept))), countLine(plan)]
}

const marks: Record<Step['what'], (paint: Paint) => string> = {
  new: (paint) => paint.good('new'),
  changed: (paint) => paint.warn('changed'),
  delete: (paint) => paint.bad('delete'),
  same: (paint) => paint.dim('same'),
  refused: (paint) => paint.bad('refused'),
}

function countLine(plan: readonly Step[]): string {
  const counts = countsOf(plan)
  return kinds
    .filter((kind) => counts[kind] > 0)
    .map((kind) => `${counts[kind]} ${kind}`)
    .join(', ')
}

/** What was before, so that it can be had back. */
export function undoLines(done: readonly Done[], target: 'vault' | 'store', paint: Paint): string[] {
  const changed = done.filter(({ failed, before, what }) => failed === null && (before !== null || what === 'delete'))
  if (changed.length === 0) return []
  const line = ({ what, name, label, before, after }: Done): string => {
    const place = `${paint.name(shown(name))}${label === null ? '' : ` (${shown(label)})`}`
    if (target === 'vault' && what === 'delete')
      return `  ${place} comes back with: cardea secret recover ${shown(name)}`
    return `  ${place} was ${before ?? ''}${after === null ? '' : `, and is ${after}`}`
  }
  return ['What was before:', ...changed.map(line)]
}
