import { matches } from '@cardea/contract/wildcard'
import { Fault } from '#base/fault.ts'
import { expressionFrom } from './expression.ts'
import { type Token, tokensOf } from './words.ts'

/**
 * A condition (Azure's version 2.0) narrows what an assignment grants: by the action that is asked, the name of the vault
 * or secret, the key, label or tags of a setting, or the assignment that is written. It is read once, and whatever isn't understood is refused when it is
 * written, since a condition that is passed over would be a right.
 *
 * An attribute that a request doesn't have makes its comparison neither true nor false, and so whatever is made of it:
 * only what is true grants. `!(name StringStartsWith 'prod-')` is therefore no way to list what it means to hide.
 */
export type Condition = (question: Question) => Verdict
/** Undefined: it can't be said, for want of an attribute. */
export type Verdict = boolean | undefined

export type Question = {
  /** In the words of role definitions. */
  readonly action: string
  /** What the request is about, and what it brings, each attribute by its full name in lower case. */
  readonly resource: Attributes
  readonly request: Attributes
}
export type Attributes = Readonly<Record<string, string | undefined>>

const vaultName = 'microsoft.keyvault/vaults:name'
const secretName = 'microsoft.keyvault/vaults/secrets:name'
const assignment = 'microsoft.authorization/roleassignments:'
/** Of settings (ours): Azure has no conditions on them. */
const setting = 'microsoft.appconfiguration/configurationstores/keyvalues'
const [settingKey, settingLabel, settingTag] = [`${setting}:key`, `${setting}:label`, `${setting}/tags:`]
const attributes = new Set([
  vaultName,
  secretName,
  settingKey,
  settingLabel,
  ...['roledefinitionid', 'principalid', 'principaltype'].map((name) => `${assignment}${name}`),
])

/** The attributes of a vault and a secret in it, or of a setting in a store, from the resource id. */
export function attributesOf(resource: string): Attributes {
  const [, key, label] =
    /\/providers\/microsoft\.appconfiguration\/configurationstores\/[^/]+\/keyvalues\/([^/$]+)(?:\$([^/$]+))?$/i.exec(
      resource,
    ) ?? []
  // No label is the empty text: a condition can ask for it.
  if (key !== undefined) return { [settingKey]: decoded(key), [settingLabel]: decoded(label ?? '') }
  const [, vault, kind, secret] =
    /\/providers\/microsoft\.keyvault\/vaults\/([^/]+)(?:\/(secrets)\/([^/]+))?/i.exec(resource) ?? []
  return { [vaultName]: vault, [secretName]: kind === undefined ? undefined : secret }
}

/** A part of an id in its own letters. Of one that is no such part, with a `%` that leads nowhere, nothing can be said. */
function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part)
  } catch {
    return undefined
  }
}

/**
 * The attributes that a setting's tags are: `…/keyValues/tags:team`. Names of attributes have no case; of tags that
 * differ in nothing else, nothing can be said.
 */
export function attributesOfTags(tags: Readonly<Record<string, string | null>>): Attributes {
  const found: Record<string, string | undefined> = {}
  for (const [name, value] of Object.entries(tags)) {
    const attribute = `${settingTag}${name.toLowerCase()}`
    found[attribute] = Object.hasOwn(found, attribute) ? undefined : (value ?? '')
  }
  return found
}

/** The attributes of a role assignment that is written or taken away. */
export const attributesOfAssignment = (given: { role: string; principal: string; kind: string }): Attributes => ({
  [`${assignment}roledefinitionid`]: given.role,
  [`${assignment}principalid`]: given.principal,
  [`${assignment}principaltype`]: given.kind,
})

/** Longer conditions than this are not taken, as in Azure (8 KB). */
const lengthMax = 8192

/** Reads a condition; throws `invalid` with the place at which it isn't understood. */
export function conditionFrom(text: string): Condition {
  if (text.length > lengthMax) throw new Fault('invalid', `A condition has at most ${lengthMax} characters.`, invalid)
  const tokens = tokensOf(text)
  const read = new Reader(tokens, text)
  const condition = read.any(0)
  read.end()
  return condition
}

const invalid = { arm: 'RoleAssignmentConditionInvalid', where: 'condition' }

/** Deeper than this is nobody's intention. */
const depthMax = 32

class Reader {
  readonly #tokens: readonly Token[]
  readonly #text: string
  #at = 0
  constructor(tokens: readonly Token[], text: string) {
    this.#tokens = tokens
    this.#text = text
  }

  /** `… OR …`; AND binds closer. */
  any(depth: number): Condition {
    const parts = [this.#all(depth)]
    while (this.#take('or') || this.#take('||')) parts.push(this.#all(depth))
    return parts.length === 1 ? (parts[0] as Condition) : (question) => either(parts, question)
  }

  #all(depth: number): Condition {
    const parts = [this.#one(depth)]
    while (this.#take('and') || this.#take('&&')) parts.push(this.#one(depth))
    return parts.length === 1 ? (parts[0] as Condition) : (question) => both(parts, question)
  }

  #one(depth: number): Condition {
    if (depth > depthMax) this.#refuse(`It is nested deeper than ${depthMax} levels`)
    if (this.#take('!') || this.#take('not')) {
      const inner = this.#one(depth + 1)
      return (question) => {
        const verdict = inner(question)
        return verdict === undefined ? undefined : !verdict
      }
    }
    if (this.#take('(')) {
      const inner = this.any(depth + 1)
      this.#demand(')')
      return inner
    }
    if (this.#take('actionmatches')) return this.#action()
    if (this.#take('exists')) return this.#existence(true)
    if (this.#take('notexists')) return this.#existence(false)
    return this.#comparison()
  }

  #action(): Condition {
    this.#demand('{')
    const pattern = this.#string().toLowerCase()
    this.#demand('}')
    if (!/^[a-z0-9.*]+\/[a-z0-9.*/_-]+$|^\*$/.test(pattern)) this.#refuse('ActionMatches needs the name of an action')
    return ({ action }) => matches(pattern, action.toLowerCase())
  }

  #existence(wanted: boolean): Condition {
    const { read } = this.#attribute()
    return (question) => (read(question) !== undefined) === wanted
  }

  #comparison(): Condition {
    const { read, exact } = this.#attribute()
    const { name, all } = this.#operator()
    const compare = comparisonOf({ name, all, exact }, this.#values(), (words) => this.#refuse(words))
    return (question) => {
      const value = read(question)
      return value === undefined ? undefined : compare(value)
    }
  }

  /** `@Resource[Microsoft.KeyVault/vaults/secrets:name]` */
  #attribute(): { readonly read: (question: Question) => string | undefined; readonly exact: boolean } {
    const source = this.#take('@resource') ? 'resource' : this.#take('@request') ? 'request' : undefined
    if (source === undefined) return this.#refuse('Here stands an attribute of @Resource or @Request')
    this.#demand('[')
    const name = this.#word().toLowerCase()
    this.#demand(']')
    if (!attributes.has(name) && !isTag(name))
      this.#refuse(`The attribute ${name.slice(0, 80)} isn't one that Cardea knows`)
    const read = (question: Question) => question[source][name]
    return { read, exact: name.startsWith(setting) }
  }

  #operator(): { name: string; all: boolean } {
    const word = this.#word()
    const [, quantity, name = ''] = /^(?:(For(?:Any|All)Of(?:Any|All)Values):)?(\w+)$/i.exec(word) ?? []
    const operator = operators.find((known) => known.toLowerCase() === name.toLowerCase())
    if (operator === undefined) return this.#refuse(`The operator ${word.slice(0, 80)} isn't one that Cardea knows`)
    // What we know has one value each, so any of it is all of it; only which of the listed ones must fit matters.
    return { name: operator, all: quantity?.toLowerCase().endsWith('allvalues') ?? false }
  }

  #values(): readonly string[] {
    if (!this.#take('{')) return [this.#string()]
    const values = [this.#string()]
    while (this.#take(',')) values.push(this.#string())
    this.#demand('}')
    return values
  }

  #string(): string {
    const token = this.#tokens[this.#at]
    // Ids of roles and principals are written bare.
    const guid = token?.kind === 'word' && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(token.text)
    if (token?.kind !== 'string' && !guid) return this.#refuse('Here stands a value in single quotes')
    this.#at += 1
    return token.text
  }

  #word(): string {
    const token = this.#tokens[this.#at]
    if (token?.kind !== 'word') return this.#refuse('Here stands a name')
    this.#at += 1
    return token.text
  }

  #take(text: string): boolean {
    const token = this.#tokens[this.#at]
    if (token === undefined || token.kind === 'string' || token.text.toLowerCase() !== text) return false
    this.#at += 1
    return true
  }

  #demand(text: string): void {
    if (!this.#take(text)) this.#refuse(`Here stands ${text}`)
  }

  end(): void {
    if (this.#at < this.#tokens.length) this.#refuse('Nothing more stands here')
  }

  #refuse(words: string): never {
    const place = this.#tokens[this.#at]?.at ?? this.#text.length
    throw new Fault('invalid', `The condition isn't understood at character ${place + 1}. ${words}.`, invalid)
  }
}

function either(parts: readonly Condition[], question: Question): Verdict {
  let open = false
  for (const part of parts) {
    const verdict = part(question)
    if (verdict === true) return true
    if (verdict === undefined) open = true
  }
  return open ? undefined : false
}

function both(parts: readonly Condition[], question: Question): Verdict {
  let open = false
  for (const part of parts) {
    const verdict = part(question)
    if (verdict === false) return false
    if (verdict === undefined) open = true
  }
  return open ? undefined : true
}

/** Each operator's way to compare one text with one listed value, where case doesn't matter both in lower case. */
const fits: Readonly<Record<string, (value: string, given: string) => boolean>> = {
  StringEquals: (value, given) => value === given,
  StringStartsWith: (value, given) => value.startsWith(given),
  StringLike: (value, given) => matches(given, value, '?'),
  GuidEquals: (value, given) => value === given,
}

const onText = ['StringEquals', 'StringStartsWith', 'StringLike', 'StringMatches']
const operators: readonly string[] = [
  ...onText
    .flatMap((name) => [name, name.replace('String', 'StringNot')])
    .flatMap((name) => [name, `${name}IgnoreCase`]),
  'GuidEquals',
  'GuidNotEquals',
]

/**
 * Names are compared without case whether or not the operator says so: to a vault `PROD-db` and `prod-db` are the same
 * secret, and who asks for the one must not pass a condition that was written about the other. Keys, labels and tags of
 * settings differ by case, so `exact` compares them so unless the operator says otherwise. "Not" means none of the
 * listed: that any of two differs is always true, and nobody's intention.
 */
function comparisonOf(
  { name, all, exact }: { readonly name: string; readonly all: boolean; readonly exact: boolean },
  given: readonly string[],
  refuse: (words: string) => never,
): (value: string) => boolean {
  const negated = /^(String|Guid)Not/.test(name)
  const fit = fits[name.replace('Not', '').replace('IgnoreCase', '')]
  const cased = exact && !name.endsWith('IgnoreCase')
  const spelled = (text: string) => (cased ? text : text.toLowerCase())
  const tests = given.map((text): ((value: string) => boolean) => {
    const wanted = spelled(text)
    if (fit !== undefined) return (value) => fit(value, wanted)
    const expression = expressionFrom(text, cased) ?? refuse('This expression is longer or more intricate than we take')
    return expression
  })
  return (value) => {
    const given = spelled(value)
    const one = (holds: (value: string) => boolean) => holds(given) !== negated
    return all || negated ? tests.every(one) : tests.some(one)
  }
}

const isTag = (name: string): boolean => name.startsWith(settingTag) && name.length > settingTag.length
