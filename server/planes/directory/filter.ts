import { guidForm } from '@cardea/contract/guid'
import { Fault } from '#base/fault.ts'
import type { Key } from '#core/directory/look-up.ts'

/**
 * `$filter`, as far as directories are asked with it (OData 4.01, URL conventions 5.1.1): `eq`, `ne`, `and`, `or`, `not`,
 * `in`, `startswith`, and `any` over lists. It is read into a condition and asked of objects, never pasted into a
 * question to the database: what stands between quotes is a value and can't become anything else.
 */
export type Condition =
  | { readonly is: 'and' | 'or'; readonly of: readonly Condition[] }
  | { readonly is: 'not'; readonly of: Condition }
  | { readonly is: 'equal'; readonly property: string; readonly value: Literal }
  | { readonly is: 'starts'; readonly property: string; readonly prefix: string }
  | { readonly is: 'any'; readonly property: string; readonly of: Condition }
type Literal = string | boolean | null

/** What may be asked of an object: its properties, and of what kind each is. */
export type Properties = Readonly<Record<string, 'text' | 'flag' | 'list'>>

type Token = { readonly kind: 'word' | 'text' | 'mark' | 'end'; readonly text: string; readonly at: number }

const invalid = (words: string): Fault => new Fault('invalid', `Invalid filter clause: ${words}`, { where: '$filter' })

function tokensOf(filter: string): Token[] {
  const tokens: Token[] = []
  const next = /\s*(?:([A-Za-z_][\w.-]*)|'((?:[^']|'')*)'|([(),:/]))/y
  const blank = /\s*$/y
  let at = 0
  for (;;) {
    blank.lastIndex = at
    if (blank.test(filter)) return [...tokens, { kind: 'end', text: '', at }]
    next.lastIndex = at
    const found = next.exec(filter)
    if (found === null) throw invalid(`there is something unexpected at position ${at}.`)
    const [, word, text, mark] = found
    if (word !== undefined) tokens.push({ kind: 'word', text: word, at })
    else if (text !== undefined) tokens.push({ kind: 'text', text: text.replaceAll("''", "'"), at })
    else tokens.push({ kind: 'mark', text: mark as string, at })
    at = next.lastIndex
  }
}

/** Nobody's question is nested deeper; an attack on the stack is. */
const depthMax = 16
const choicesMax = 50

/** The element of a list inside `any`. */
const element = ''

class Reader {
  readonly #tokens: readonly Token[]
  readonly #properties: Properties
  #at = 0
  #depth = 0
  /** The variable that `any` has named, if we are inside one. */
  #variable: string | undefined

  constructor(filter: string, properties: Properties) {
    this.#tokens = tokensOf(filter)
    this.#properties = properties
  }

  whole(): Condition {
    const condition = this.#either()
    if (this.#here.kind !== 'end') throw this.#unexpected('the end')
    return condition
  }

  get #here(): Token {
    return this.#tokens[this.#at] as Token
  }
  #unexpected(wanted: string): Fault {
    return invalid(`${wanted} is expected at position ${this.#here.at}.`)
  }
  #take(kind: Token['kind'], text?: string): string | undefined {
    const { kind: found, text: said } = this.#here
    if (found !== kind || (text !== undefined && said.toLowerCase() !== text)) return undefined
    this.#at += 1
    return said
  }
  #need(kind: Token['kind'], text: string): void {
    if (this.#take(kind, text) === undefined) throw this.#unexpected(`'${text}'`)
  }

  #chain(word: 'and' | 'or', part: () => Condition): Condition {
    const parts = [part()]
    while (this.#take('word', word) !== undefined) parts.push(part())
    return parts.length === 1 ? (parts[0] as Condition) : { is: word, of: parts }
  }
  #either(): Condition {
    this.#depth += 1
    if (this.#depth > depthMax) throw invalid(`it is nested deeper than ${depthMax} levels.`)
    const condition = this.#chain('or', () => this.#chain('and', () => this.#one()))
    this.#depth -= 1
    return condition
  }
  #one(): Condition {
    if (this.#take('word', 'not') !== undefined) {
      this.#depth += 1
      if (this.#depth > depthMax) throw invalid(`it is nested deeper than ${depthMax} levels.`)
      const of = this.#one()
      this.#depth -= 1
      return { is: 'not', of }
    }
    if (this.#take('mark', '(') !== undefined) {
      const inside = this.#either()
      this.#need('mark', ')')
      return inside
    }
    const name = this.#take('word')
    if (name === undefined) throw this.#unexpected('the name of a property')
    if (this.#take('mark', '(') !== undefined) return this.#call(name)
    if (this.#take('mark', '/') !== undefined) return this.#any(name)
    return this.#comparison(name)
  }

  #call(name: string): Condition {
    if (name.toLowerCase() !== 'startswith') throw invalid(`the function '${name.slice(0, 64)}' is not known here.`)
    const of = this.#take('word')
    if (of === undefined) throw this.#unexpected('the name of a property')
    const property = this.#property(of, 'text')
    this.#need('mark', ',')
    const prefix = this.#take('text')
    if (prefix === undefined) throw this.#unexpected('a text between quotes')
    this.#need('mark', ')')
    return { is: 'starts', property, prefix }
  }

  #any(name: string): Condition {
    const property = this.#property(name, 'list')
    this.#need('word', 'any')
    this.#need('mark', '(')
    const variable = this.#take('word')
    if (variable === undefined) throw this.#unexpected('the name of a variable')
    this.#need('mark', ':')
    this.#variable = variable
    const of = this.#either()
    this.#variable = undefined
    this.#need('mark', ')')
    return { is: 'any', property, of }
  }

  #comparison(name: string): Condition {
    const property = this.#property(name)
    const kind = property === element ? 'text' : this.#properties[property]
    if (kind === 'list') throw invalid(`'${property}' is a list; ask it with 'any'.`)
    const literal = (): Literal => this.#literal(kind === 'flag')
    if (this.#take('word', 'eq') !== undefined) return { is: 'equal', property, value: literal() }
    if (this.#take('word', 'ne') !== undefined) return { is: 'not', of: { is: 'equal', property, value: literal() } }
    if (this.#take('word', 'in') === undefined) throw this.#unexpected("'eq', 'ne' or 'in'")
    this.#need('mark', '(')
    const of: Condition[] = []
    do {
      of.push({ is: 'equal', property, value: literal() })
      if (of.length > choicesMax) throw invalid(`a list may have at most ${choicesMax} values.`)
    } while (this.#take('mark', ',') !== undefined)
    this.#need('mark', ')')
    return { is: 'or', of }
  }

  #literal(flag: boolean): Literal {
    const text = this.#take('text')
    if (text !== undefined && !flag) return text
    const word = text === undefined ? this.#take('word')?.toLowerCase() : undefined
    if (word === 'null') return null
    if (flag && (word === 'true' || word === 'false')) return word === 'true'
    throw invalid(flag ? "true or false is expected after 'eq'." : 'a text between quotes is expected.')
  }

  /** A property that may be asked; inside `any` only the variable is one. */
  #property(name: string, wanted?: 'text' | 'list'): string {
    if (this.#variable !== undefined) {
      if (name !== this.#variable || wanted === 'list')
        throw invalid(`only '${this.#variable}' can be asked inside 'any'.`)
      return element
    }
    const property = Object.keys(this.#properties).find((known) => known.toLowerCase() === name.toLowerCase())
    if (property === undefined) throw invalid(`'${name.slice(0, 64)}' is not a property that can be asked for.`)
    if (wanted !== undefined && this.#properties[property] !== wanted) {
      throw invalid(wanted === 'list' ? `'${property}' is not a list.` : `'${property}' is not a text.`)
    }
    return property
  }
}

/** Reads a filter over these properties. Throws `invalid` with what is wrong, and where. */
export const filterOf = (filter: string, properties: Properties): Condition => new Reader(filter, properties).whole()

/** What by itself names one object: one alone can fit a condition that asks for it. */
const naming: Readonly<Record<string, Key['by']>> = {
  id: 'id',
  appId: 'appId',
  userPrincipalName: 'userPrincipalName',
}

/** The one object that alone can fit a condition, if the condition names one. */
export function namedBy(condition: Condition): Key | undefined {
  if (condition.is === 'and') return condition.of.map(namedBy).find((key) => key !== undefined)
  if (condition.is === 'equal') return keyOf(naming[condition.property], condition.value)
  // Every service principal's first name is its application's id; its others are URIs, never GUIDs.
  if (condition.is === 'any' && condition.property === 'servicePrincipalNames' && condition.of.is === 'equal')
    return keyOf('appId', condition.of.value)
  return undefined
}

function keyOf(by: Key['by'] | undefined, value: Literal): Key | undefined {
  if (by === undefined || typeof value !== 'string') return undefined
  if (by === 'userPrincipalName') return { by, value }
  return guidForm.test(value) ? { by, value: value.toLowerCase() } : undefined
}

/** Whether an object answers to a condition. Texts are compared without case, as Graph does. */
export function fits(condition: Condition, object: Readonly<Record<string, unknown>>): boolean {
  switch (condition.is) {
    case 'and':
      return condition.of.every((one) => fits(one, object))
    case 'or':
      return condition.of.some((one) => fits(one, object))
    case 'not':
      return !fits(condition.of, object)
    case 'equal':
      return folded(object[condition.property] ?? null) === folded(condition.value)
    case 'starts': {
      const value = object[condition.property]
      return typeof value === 'string' && value.toLowerCase().startsWith(condition.prefix.toLowerCase())
    }
    case 'any': {
      const values = object[condition.property]
      return Array.isArray(values) && values.some((value) => fits(condition.of, { [element]: value }))
    }
  }
}

const folded = (value: unknown): unknown => (typeof value === 'string' ? value.toLowerCase() : value)
