import type { Check } from '@cardea/contract/cardea/rehearsals'
import { list, optional, record, type Shape, text } from '@cardea/contract/shape'
import type { Heard } from '../http/request.ts'

/** What a function answers to OPTIONS if it knows more steps than it must: their names. */
const header = 'cardea-rotation-steps'

/** Whether a function's answer to OPTIONS says that it knows the step. */
export const canRehearse = ({ headers }: Heard): boolean =>
  String(headers[header] ?? '')
    .split(',')
    .some((step) => step.trim().toLowerCase() === 'rehearse')

const words = text({ maxCharacters: 500 })
const check: Shape<Check> = {
  read(value, where) {
    const { what, wrong, remedy } = record({ what: words, wrong: optional(words), remedy: optional(words) }).read(
      value,
      where,
    )
    return { what, wrong: wrong ?? null, remedy: remedy ?? null }
  },
}

/** What the function says that it has tried. */
export const told = record({ checks: list(check, { maxItems: 20 }) })
