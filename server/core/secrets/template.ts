import type { Escape } from '@cardea/contract/cardea/derivations'
import { Fault } from '#base/fault.ts'

/** A template, taken apart: text, a secret or a field of one that is JSON, and fixed values. */
type Piece =
  | { readonly text: string }
  | { readonly secret: string; readonly field: readonly string[]; readonly escaping: Escape | undefined }
  | { readonly value: string; readonly escaping: Escape | undefined }

const partsMax = 16
const placeholder =
  /^(?:secret:([0-9a-zA-Z-]{1,127})((?:\.[\w-]{1,64}){0,8})|([\w-]{1,64}))(?:\|(plain|url|json|shell))?$/

/** Takes a template apart, or says in words what it must be. */
export function piecesOf(template: string): readonly Piece[] {
  const pieces: Piece[] = []
  let at = 0
  for (;;) {
    const open = template.indexOf('{{', at)
    const text = template.slice(at, open < 0 ? undefined : open)
    if (text !== '') pieces.push({ text })
    if (open < 0) break
    const close = template.indexOf('}}', open)
    if (close < 0) throw refused(`has {{ without }} at character ${open + 1}`)
    pieces.push(pieceOf(template.slice(open + 2, close).trim()))
    at = close + 2
  }
  const parts = partsOf(pieces)
  if (parts.length === 0) throw refused('must name a secret, as {{secret:db-password}}')
  if (parts.length > partsMax) throw refused(`may name at most ${partsMax} secrets; it names ${parts.length}`)
  return pieces
}

function pieceOf(inner: string): Piece {
  const found = placeholder.exec(inner)
  if (found === null) {
    throw refused(
      'must have {{secret:NAME}}, {{secret:NAME.field}} or {{name}} between braces, with |url, |json, |shell or |plain behind if you want',
    )
  }
  const [, secret, fields = '', value = '', how] = found
  const escaping = how as Escape | undefined
  return secret === undefined ? { value, escaping } : { secret, field: fields.split('.').slice(1), escaping }
}

const refused = (words: string): Fault => new Fault('invalid', `template ${words}.`, { where: 'template' })

/** The names of the secrets that it is made of, each once, in lower case. */
export const partsOf = (pieces: readonly Piece[]): readonly string[] => [
  ...new Set(pieces.flatMap((piece) => ('secret' in piece ? [piece.secret.toLowerCase()] : []))),
]

/** Why a template can't be filled in now; the words name no value. */
export class Unfilled extends Error {}

/** The text that comes of it. `parts` are the values of the secrets, by their names in lower case. */
export function filled(
  pieces: readonly Piece[],
  usual: Escape,
  values: Readonly<Record<string, string>>,
  parts: ReadonlyMap<string, string>,
): string {
  return pieces
    .map((piece) => {
      if ('text' in piece) return piece.text
      if ('value' in piece) {
        if (!Object.hasOwn(values, piece.value)) throw new Unfilled(`There is no value for {{${piece.value}}}.`)
        return escaped(values[piece.value] as string, piece.escaping ?? usual)
      }
      const { secret, field, escaping } = piece
      const whole = parts.get(secret.toLowerCase())
      if (whole === undefined) throw new Unfilled(`The secret ${secret} has no value.`)
      return escaped(field.length === 0 ? whole : fieldOf(whole, secret, field), escaping ?? usual)
    })
    .join('')
}

function fieldOf(whole: string, secret: string, path: readonly string[]): string {
  let found: unknown
  try {
    found = JSON.parse(whole)
  } catch {
    throw new Unfilled(`The secret ${secret} is not JSON, so it has no field ${path.join('.')}.`)
  }
  for (const name of path) {
    found = typeof found === 'object' && found !== null && Object.hasOwn(found, name) ? found[name as never] : undefined
  }
  if (typeof found === 'string' || typeof found === 'number' || typeof found === 'boolean') return String(found)
  throw new Unfilled(`The secret ${secret} has no text, number or truth value at ${path.join('.')}.`)
}

const ways: Record<Escape, (text: string) => string> = {
  plain: (text) => text,
  // What RFC 3986 leaves for delimiters goes encoded too, so that it fits user, password, path and query alike.
  url: (text) => encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`),
  json: (text) => JSON.stringify(text).slice(1, -1),
  shell: (text) => `'${text.replaceAll("'", "'\\''")}'`,
}

function escaped(text: string, escaping: Escape): string {
  if (escaping === 'shell' && text.includes('\0')) throw new Unfilled('No shell has a word with a NUL in it.')
  if (escaping === 'url' && !text.isWellFormed()) throw new Unfilled('A value is not well-formed Unicode.')
  return ways[escaping](text)
}
