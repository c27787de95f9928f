import { beginning, cellsOf, ending, lettersOf } from './cells.ts'

/** How things look in a terminal: calm, aligned, and coloured only where somebody sees it. */
export type Paint = {
  bold(text: string): string
  dim(text: string): string
  good(text: string): string
  bad(text: string): string
  warn(text: string): string
  name(text: string): string
  /** How wide it is, where there is one. */
  readonly columns: number | undefined
}

const sequence = (on: number, off: number) => (text: string) => `\u001b[${on}m${text}\u001b[${off}m`
const plain = (text: string): string => text

type Terminal = { readonly colours: boolean; readonly columns?: number | undefined }

/** Colours where the terminal has any. */
export const paintFor = ({ colours, columns }: Terminal): Paint =>
  colours
    ? {
        bold: sequence(1, 22),
        dim: sequence(2, 22),
        good: sequence(32, 39),
        bad: sequence(31, 39),
        warn: sequence(33, 39),
        name: sequence(36, 39),
        columns,
      }
    : { bold: plain, dim: plain, good: plain, bad: plain, warn: plain, name: plain, columns }

// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what a colour begins with
const colour = /\u001b\[\d+m/g
/** How many cells of a terminal a text takes, whatever its colours. */
export const widthOf = (text: string): number => cellsOf(text.replace(colour, ''))

/** A second column this narrow would be harder to read than what the terminal makes of long lines. */
const roomMin = 24

/** Lines that are wider than the terminal, broken between words: what stands in a second column stays in it. */
export function fitted(text: string, columns: number | undefined): string {
  // One of no width is one that doesn’t say how wide it is.
  if (!columns) return text
  const paragraphs: string[] = []
  for (const line of text.split('\n')) {
    const last = paragraphs.at(-1) ?? ''
    // A paragraph that is broken here flows on through its next line.
    const flows = widthOf(last) > columns && /^\S/.test(last) && /^\S/.test(line)
    if (flows) paragraphs[paragraphs.length - 1] = `${last} ${line}`
    else paragraphs.push(line)
  }
  return paragraphs.flatMap((line) => broken(line, columns)).join('\n')
}

function broken(line: string, columns: number): string[] {
  if (widthOf(line) <= columns) return [line]
  const [lead = ''] = /^ *(?:\S(?:.*?\S)? {2,})?/.exec(line) ?? []
  const room = columns - widthOf(lead)
  // What is set in as a whole is there to be copied.
  if (/^ +$/.test(lead) || room < roomMin) return [line]
  const lines: string[] = []
  for (const word of line.slice(lead.length).split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && widthOf(`${last} ${word}`) <= room) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines.map((one, at) => (at === 0 ? lead : ' '.repeat(widthOf(lead))) + one)
}

export type Column = {
  readonly head: string
  readonly right?: boolean
  /** It is there to be copied, as what stands in the first column is: it is never cut. */
  readonly whole?: boolean
}

const between = '  '
/** In less a cell would say nothing. */
const cellWidthMin = 8
const cellLinesMax = 6

/** Rows under their heads, each column as wide as its widest cell, or narrower where the terminal is. */
export function table(paint: Paint, columns: readonly Column[], rows: readonly (readonly string[])[]): string[] {
  const heads = columns.map(({ head }) => head)
  const wanted = heads.map((head, at) =>
    rows.reduce((widest, row) => Math.max(widest, widthOf(row[at] ?? '')), widthOf(head)),
  )
  const widths = within(paint.columns, columns, wanted)
  const lines = (row: readonly string[]): string[] => {
    const cells = row.map((cell, at) => cellLines(cell, widths[at] ?? 0))
    return Array.from({ length: Math.max(...cells.map(({ length }) => length)) }, (_, line) =>
      cells
        .map((cell, at) => {
          const text = cell[line] ?? ''
          const space = ' '.repeat((widths[at] ?? 0) - widthOf(text))
          return columns[at]?.right ? space + text : text + space
        })
        .join(between)
        .trimEnd(),
    )
  }
  return [...lines(heads).map(paint.dim), ...rows.flatMap(lines)]
}

/** Takes from the widest columns what is too much for the terminal; nothing, where that would not be enough. */
function within(room: number | undefined, columns: readonly Column[], wanted: readonly number[]): readonly number[] {
  if (room === undefined) return wanted
  const widths = [...wanted]
  const yielding = [...columns.keys()].filter((at) => at > 0 && !columns[at]?.whole)
  const taken = widths.reduce((sum, width) => sum + width, between.length * (widths.length - 1))
  for (let over = taken - room; over > 0; over--) {
    const widest = Math.max(...yielding.map((at) => widths[at] ?? 0))
    if (widest <= cellWidthMin) return wanted
    widths[yielding.find((at) => widths[at] === widest) ?? 0] = widest - 1
  }
  return widths
}

/** A cell within its width: broken between words, and of words that are too long the two ends. */
function cellLines(cell: string, width: number): string[] {
  if (widthOf(cell) <= width) return [cell]
  const [on = '', off = ''] = cell.match(colour) ?? []
  const lines: string[] = []
  for (const word of cell.replace(colour, '').split(' ')) {
    const last = lines.at(-1)
    const rest = last === undefined ? 0 : width - widthOf(last) - 1
    const long = widthOf(word) > width
    if (widthOf(word) <= rest || (long && rest >= cellWidthMin)) lines.push(`${lines.pop()} ${shortened(word, rest)}`)
    else lines.push(shortened(word, width))
  }
  const more = lines.splice(cellLinesMax).length > 0
  if (more) lines.push(`${beginning(lettersOf(lines.pop() ?? ''), width - 1)}…`)
  return lines.map((line) => on + line + off)
}

function shortened(word: string, width: number): string {
  if (widthOf(word) <= width) return word
  const letters = lettersOf(word)
  const ends = width - 1
  return `${beginning(letters, Math.ceil(ends / 2))}…${ending(letters, Math.floor(ends / 2))}`
}

/** Text that came from elsewhere, without what a terminal would obey. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what it takes out
export const shown = (text: string): string => text.replace(/[\u0000-\u001f\u007f-\u009f]/g, '\u{fffd}')

const units: readonly (readonly [string, number])[] = [
  ['year', 365 * 86_400],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
]

/** What lacks so little of a unit is told as a whole one: 90 days are not 89 a second later. */
const slack = 0.02

/** `2 hours ago`, `in 3 days`, `now`. */
export function when(seconds: number, nowMs: number): string {
  const away = seconds - Math.floor(nowMs / 1000)
  const [unit, size] = units.find(([, size]) => Math.abs(away) >= size * (1 - slack)) ?? ['second', 0]
  if (size === 0) return 'now'
  const count = Math.floor(Math.abs(away) / size + slack)
  const span = `${count} ${unit}${count === 1 ? '' : 's'}`
  return away < 0 ? `${span} ago` : `in ${span}`
}

/** `90 days`, `36 hours`: the largest unit that leaves no rest. */
export function spanOf(seconds: number): string {
  const [unit, size] = units.find(([, size]) => seconds >= size && seconds % size === 0) ?? ['second', 1]
  return `${seconds / size} ${unit}${seconds === size ? '' : 's'}`
}

/** The time of day, with milliseconds, as the reader's clock has it. */
export function clockTime(ms: number): string {
  const at = new Date(ms)
  const two = (part: number) => String(part).padStart(2, '0')
  const time = [at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(':')
  return `${time}.${String(at.getMilliseconds()).padStart(3, '0')}`
}

/** `12 345`. */
export const thousands = (count: number): string => String(count).replace(/\B(?=(\d{3})+$)/g, ' ')
