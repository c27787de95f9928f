import { Fault } from '#base/fault.ts'

/** What a `$filter` of the authorization provider asks for. Terms are joined by `and`; each may stand once. */
export type AssignmentFilter = {
  readonly atScope: boolean
  readonly principal?: string
  readonly assignedTo?: string
}
export type DefinitionFilter = {
  readonly roleName?: string
  readonly type?: 'BuiltInRole' | 'CustomRole'
}

const uuid = `'([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})'`
const forms = {
  atScope: /^atScope\(\)$/i,
  principal: new RegExp(String.raw`^principalId\s+eq\s+${uuid}$`, 'i'),
  assignedTo: new RegExp(String.raw`^assignedTo\(\s*${uuid}\s*\)$`, 'i'),
  atScopeAndBelow: /^atScopeAndBelow\(\)$/i,
  roleName: /^roleName\s+eq\s+'((?:[^']|'')*)'$/i,
  type: /^type\s+eq\s+'(BuiltInRole|CustomRole)'$/i,
} as const
type Term = keyof typeof forms

/** What a list of role assignments is asked for. Throws `invalid` for what we can't do. */
export function assignmentFilter(text: string | undefined): AssignmentFilter {
  const terms = termsOf(text, ['atScope', 'principal', 'assignedTo'])
  const [principal, assignedTo] = [terms.get('principal'), terms.get('assignedTo')]
  if (principal !== undefined && assignedTo !== undefined) throw notUnderstood(text)
  return {
    atScope: terms.has('atScope'),
    ...(principal !== undefined && { principal: principal.toLowerCase() }),
    ...(assignedTo !== undefined && { assignedTo: assignedTo.toLowerCase() }),
  }
}

/** What a list of role definitions is asked for. Throws `invalid` for what we can't do. */
export function definitionFilter(text: string | undefined): DefinitionFilter {
  const terms = termsOf(text, ['atScope', 'atScopeAndBelow', 'roleName', 'type'])
  const [roleName, type] = [terms.get('roleName'), terms.get('type')]
  return {
    ...(roleName !== undefined && { roleName: roleName.replaceAll("''", "'") }),
    ...(type !== undefined && { type: type.toLowerCase() === 'customrole' ? 'CustomRole' : 'BuiltInRole' }),
  }
}

/** The terms of a filter with their values. What isn't understood is refused: passed over, it would show more than asked. */
function termsOf(text: string | undefined, known: readonly Term[]): ReadonlyMap<Term, string> {
  const terms = new Map<Term, string>()
  if (text === undefined || text.trim() === '') return terms
  // A value may hold the word `and`: only outside of quotes does it join.
  for (const part of text.split(/\s+and\s+(?=(?:[^']*'[^']*')*[^']*$)/i)) {
    const term = known.find((name) => forms[name].test(part.trim()))
    if (term === undefined || terms.has(term)) throw notUnderstood(text)
    terms.set(term, forms[term].exec(part.trim())?.[1] ?? '')
  }
  return terms
}

const notUnderstood = (text = ''): Fault =>
  new Fault('invalid', `The filter '${text.slice(0, 128)}' is not supported.`, { arm: 'UnsupportedQuery' })
