import { Fault } from '#base/fault.ts'
import { type Advanced, operators } from './filter.ts'

/** What a subscription may ask of events, and of the headers that go along with them. */

const valuesMax = 25
/** As in Event Grid. Each event is compared with every one of them in the turn in which it happens. */
const valueCharactersMax = 512

const refused = (where: string, words: string): Fault => new Fault('invalid', `${where} ${words}`, { where })

type Asked = { readonly operator: string; readonly key: string; readonly values: readonly unknown[] }

/** Conditions on what events hold: known ones, with as many values of their kind as they take. */
export function conditionsOn(asked: readonly Asked[]): readonly Advanced[] {
  const conditions = asked.map(condition)
  if (conditions.reduce((count, { values }) => count + values.length, 0) > valuesMax)
    throw refused('filter.advancedFilters', `must have at most ${valuesMax} values in all.`)
  return conditions
}

/** Whether an operator compares with one value, and not with several. */
export const comparesWithOne = (operator: string): boolean => /^(NumberLess|NumberGreater|Bool)/.test(operator)

function condition({ operator: name, key, values }: Asked): Advanced {
  const operator = operators.find((one) => one.toLowerCase() === name.toLowerCase())
  if (operator === undefined) throw refused('filter.advancedFilters', `must be one of ${operators.join(', ')}.`)
  if (comparesWithOne(operator) && values.length !== 1)
    throw refused('filter.advancedFilters', `must give ${operator} one value to compare ${key} with.`)
  const wanted = operator.startsWith('String') ? 'string' : operator.startsWith('Bool') ? 'boolean' : 'number'
  const fits = (one: unknown): boolean =>
    operator.endsWith('InRange')
      ? Array.isArray(one) && one.length === 2 && one.every((bound) => typeof bound === 'number')
      : typeof one === wanted
  if (operator.startsWith('Is') ? values.length > 0 : values.length === 0 || !values.every(fits))
    throw refused('filter.advancedFilters', `has values that ${operator} can’t compare ${key} with.`)
  if (values.some((one) => typeof one === 'string' && one.length > valueCharactersMax))
    throw refused('filter.advancedFilters', `must have values of at most ${valueCharactersMax} characters.`)
  return { operator, key, values }
}

/** Headers that carry the message itself, or say who sends it. */
const ours = /^(aeg-.*|webhook-.*|host|content-.*|transfer-encoding|connection|expect|upgrade|te|trailer|origin)$/i

/** Refuses a header that nobody else may set. */
export function refuseOurs(header: string): void {
  if (ours.test(header))
    throw refused('destination.properties', `must not set the header ${header}: it is ours to set.`)
}
