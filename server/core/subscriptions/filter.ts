import type { CloudEvent } from './cloud-event.ts'

/**
 * Which events a subscription wants (Event Grid's filters): by type, by the subject's beginning and end, and by what any
 * of its members holds. All of it must fit.
 */
export type Filter = {
  /** `azure`: those that Azure's own services raise; `all`: ours as well. */
  readonly types: 'azure' | 'all' | readonly string[]
  readonly begins: string
  readonly ends: string
  readonly caseMatters: boolean
  readonly advanced: readonly Advanced[]
}
export type Advanced = {
  readonly operator: Operator
  /** `subject`, `eventType`, `data.ObjectName`: a member of the event, in the words of either schema. */
  readonly key: string
  readonly values: readonly unknown[]
}

type Given = string | number | boolean | null | undefined

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value.toLowerCase() : undefined)
const both = (given: Given, wanted: unknown, so: (a: string, b: string) => boolean): boolean => {
  const [a, b] = [text(given), text(wanted)]
  return a !== undefined && b !== undefined && so(a, b)
}
const numbers = (given: Given, wanted: unknown, so: (a: number, b: number) => boolean): boolean =>
  typeof given === 'number' && typeof wanted === 'number' && so(given, wanted)
const inRange = (given: Given, range: unknown): boolean => {
  const [low, high] = Array.isArray(range) ? range : []
  return numbers(given, low, (a, b) => a >= b) && numbers(given, high, (a, b) => a <= b)
}
const begins = (given: Given, wanted: unknown) => both(given, wanted, (a, b) => a.startsWith(b))
const ends = (given: Given, wanted: unknown) => both(given, wanted, (a, b) => a.endsWith(b))
const holds = (given: Given, wanted: unknown) => both(given, wanted, (a, b) => a.includes(b))
const same = (given: Given, wanted: unknown) => both(given, wanted, (a, b) => a === b)
const equal = (given: Given, wanted: unknown) => numbers(given, wanted, (a, b) => a === b)

type Rule = (given: Given, values: readonly unknown[]) => boolean
type Test = (given: Given, wanted: unknown) => boolean
const any =
  (test: Test): Rule =>
  (given, values) =>
    values.some((wanted) => test(given, wanted))
/** What isn't there is in no list either. */
const no =
  (test: Test): Rule =>
  (given, values) =>
    !values.some((wanted) => test(given, wanted))

const rules = {
  StringIn: any(same),
  StringNotIn: no(same),
  StringBeginsWith: any(begins),
  StringNotBeginsWith: no(begins),
  StringEndsWith: any(ends),
  StringNotEndsWith: no(ends),
  StringContains: any(holds),
  StringNotContains: no(holds),
  NumberIn: any(equal),
  NumberNotIn: no(equal),
  NumberLessThan: any((given, wanted) => numbers(given, wanted, (a, b) => a < b)),
  NumberLessThanOrEquals: any((given, wanted) => numbers(given, wanted, (a, b) => a <= b)),
  NumberGreaterThan: any((given, wanted) => numbers(given, wanted, (a, b) => a > b)),
  NumberGreaterThanOrEquals: any((given, wanted) => numbers(given, wanted, (a, b) => a >= b)),
  NumberInRange: any(inRange),
  NumberNotInRange: no(inRange),
  BoolEquals: any((given, wanted) => typeof given === 'boolean' && given === wanted),
  IsNullOrUndefined: (given) => given === null || given === undefined,
  IsNotNull: (given) => given !== null && given !== undefined,
} as const satisfies Record<string, Rule>

export type Operator = keyof typeof rules
export const operators = Object.keys(rules) as Operator[]

/** Whether a subscription wants an event. */
export function wants({ types, begins, ends, caseMatters, advanced }: Filter, event: CloudEvent): boolean {
  const cased = (words: string): string => (caseMatters ? words : words.toLowerCase())
  const subject = cased(event.subject)
  return (
    isOf(types, event.type) &&
    subject.startsWith(cased(begins)) &&
    subject.endsWith(cased(ends)) &&
    advanced.every(({ operator, key, values }) => rules[operator](member(event, key), values))
  )
}

const isOf = (types: Filter['types'], type: string): boolean =>
  types === 'all' || (types === 'azure' ? type.startsWith('Microsoft.') : types.includes(type))

/** The same member in the words of both schemas. */
const topLevel = new Map<string, (event: CloudEvent) => string>([
  ['id', ({ id }) => id],
  ['source', ({ source }) => source],
  ['topic', ({ source }) => source],
  ['subject', ({ subject }) => subject],
  ['type', ({ type }) => type],
  ['eventtype', ({ type }) => type],
  ['specversion', () => '1.0'],
  ['dataversion', () => '1'],
])

/** What a key names; keys are found whatever their case. */
export function member(event: CloudEvent, key: string): Given {
  const [first = '', ...rest] = key.toLowerCase().split('.')
  if (rest.length === 0) return topLevel.get(first)?.(event)
  if (first !== 'data') return undefined
  let found: unknown = event.data
  for (const name of rest) {
    if (typeof found !== 'object' || found === null) return undefined
    found = Object.entries(found).find(([one]) => one.toLowerCase() === name)?.[1]
  }
  return typeof found === 'object' && found !== null ? undefined : (found as Given)
}
