import { Fault } from '#base/fault.ts'

/** The words that a condition is made of: names, signs, and texts in single quotes. */
export type Token = { readonly kind: 'word' | 'sign' | 'string'; readonly text: string; readonly at: number }

const form = /\s*(?:(?<word>[A-Za-z0-9_.:/@-]+)|(?<sign>\|\||&&|[!(){}[\],])|'(?<string>[^']*)'|(?<end>$))/y

/** The words of a condition, in order. Throws `invalid` with the place of the first character that begins none. */
export function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = []
  form.lastIndex = 0
  for (;;) {
    const from = form.lastIndex
    const found = form.exec(text)?.groups
    if (found === undefined) {
      throw new Fault('invalid', `The condition isn't understood at character ${from + 1}.`, {
        arm: 'RoleAssignmentConditionInvalid',
        where: 'condition',
      })
    }
    if (found.end !== undefined) return tokens
    const kind = found.word !== undefined ? 'word' : found.sign !== undefined ? 'sign' : 'string'
    tokens.push({ kind, text: found[kind] ?? '', at: from })
  }
}
