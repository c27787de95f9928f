import { Misuse } from '../command.ts'
import type { Entry } from './entry.ts'

/** Java's `.properties`, as `java.util.Properties` reads them. */
export function propertiesEntries(text: string): Entry[] {
  return logicalLines(text).map((line) => {
    const [, name = '', value = ''] = /^((?:\\.|[^\\:=\s])*)\s*[:=]?\s*(.*)$/s.exec(line) ?? []
    return { name: unescaped(name), value: unescaped(value) }
  })
}

/** Lines that end in an odd number of backslashes go on in the next; comments and empty lines say nothing. */
function logicalLines(text: string): string[] {
  const found: string[] = []
  let begun: string | undefined
  for (const natural of text.split(/\r\n|\r|\n/)) {
    const line = natural.replace(/^[ \t\f]+/, '')
    if (begun === undefined && (line === '' || line.startsWith('#') || line.startsWith('!'))) continue
    const whole: string = (begun ?? '') + line
    const goesOn = (/\\*$/.exec(line) as RegExpExecArray)[0].length % 2 === 1
    if (goesOn) begun = whole.slice(0, -1)
    else {
      found.push(whole)
      begun = undefined
    }
  }
  return begun === undefined ? found : [...found, begun]
}

const letters: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', f: '\f' }

const unescaped = (text: string): string =>
  text.replace(/\\(?:u([0-9a-fA-F]{4})|(u)|(.))/gs, (_, code?: string, bad?: string, letter?: string) => {
    if (bad !== undefined) throw new Misuse('The file has \\u without four hexadecimal digits.')
    return code === undefined
      ? (letters[letter as string] ?? (letter as string))
      : String.fromCharCode(Number.parseInt(code, 16))
  })

const named: Readonly<Record<string, string>> = { '\t': '\\t', '\n': '\\n', '\r': '\\r', '\f': '\\f' }
const escaped = (text: string, marks: RegExp): string =>
  text
    .replace(/\\/g, '\\\\')
    .replace(marks, (mark) => named[mark] ?? `\\${mark}`)
    .replace(/[^ -~]/g, (letter) =>
      [...Array(letter.length).keys()]
        .map((at) => `\\u${letter.charCodeAt(at).toString(16).padStart(4, '0')}`)
        .join(''),
    )

/** Entries as a file of properties, escaped as Java reads them. */
export const propertiesText = (entries: readonly Entry[]): string =>
  entries
    .map(({ name, value }) => `${escaped(name, /[\t\n\r\f :=#!]/g)}=${escaped(value, /[\t\n\r\f]|^ /g)}\n`)
    .join('')
