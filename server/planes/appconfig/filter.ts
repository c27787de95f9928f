import { Fault } from '#base/fault.ts'
import type { Filter, TagWish } from '#core/configuration/setting.ts'

/** More values than this in one list are refused, as the service does. */
const valuesMax = 5

/**
 * A filter as the query spells it (App Configuration's *Key-values*, filtering): nothing or `*` for any, `abc*` for a beginning, up to five values
 * with commas between them. `\` takes the next character as it is; `\0` alone is "no label".
 */
export function filterFrom(name: string, given: string | undefined, of: 'key' | 'label' = 'key'): Filter {
  if (given === undefined || given === '' || given === '*') return { kind: 'any' }
  const values: { text: string; at: number }[] = []
  let text = ''
  let at = 0
  for (let index = 0; index < given.length; index += 1) {
    const letter = given[index] as string
    if (letter === '\\') {
      index += 1
      text += given[index] ?? ''
    } else if (letter === ',') {
      values.push({ text, at })
      text = ''
      at = index + 1
    } else if (letter === '*') {
      if (index < given.length - 1 || values.length > 0) throw invalid(name, 'Invalid character', index)
      refuseControls(name, text, at)
      return { kind: 'prefix', prefix: text }
    } else text += letter
  }
  values.push({ text, at })
  if (values.length > valuesMax) throw invalid(name, `Too many values. Maximum supported is ${valuesMax}`)
  return { kind: 'these', these: values.map((value) => meant(name, value.text, value.at, of)) }
}

function meant(name: string, text: string, at: number, of: 'key' | 'label'): string | undefined {
  if (of === 'label' && (text === '' || text === '\0')) return undefined
  refuseControls(name, text, at)
  return text
}

/** No key and no label holds one; and PostgreSQL refuses to look for NUL. */
function refuseControls(name: string, text: string, at: number): void {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is refused
  const found = text.search(/[\u0000-\u001f\u007f]/)
  if (found >= 0) throw invalid(name, 'Invalid character', at + found)
}

/**
 * A tag filter: name and value with `=` between them, `\\` before a character that is meant as it is. `t=` is the empty
 * value, `t=\\0` none at all.
 */
function tagFrom(name: string, given: string): TagWish {
  const parts = ['']
  for (let index = 0; index < given.length; index += 1) {
    const letter = given[index] as string
    if (letter === '\\') {
      index += 1
      parts.push(`${parts.pop()}${given[index] ?? ''}`)
    } else if (letter === '=' && parts.length === 1) parts.push('')
    else parts.push(`${parts.pop()}${letter}`)
  }
  const [tag, value] = parts
  if (tag === undefined || tag === '' || value === undefined)
    throw invalid(name, 'A tag filter has the form name=value', given.length)
  refuseControls(name, tag, 0)
  if (value === '\0') return { name: tag, value: null }
  refuseControls(name, value, tag.length + 1)
  return { name: tag, value }
}

/** All tag filters of a request; each must hold. */
export function tagsFrom(name: string, given: readonly string[]): TagWish[] {
  if (given.length > valuesMax) throw invalid(name, `Too many values. Maximum supported is ${valuesMax}`)
  return given.map((one) => tagFrom(name, one))
}

const invalid = (name: string, detail: string, pos?: number): Fault =>
  new Fault('invalid', detail, { where: name, ...(pos !== undefined && { pos: String(pos) }) })
