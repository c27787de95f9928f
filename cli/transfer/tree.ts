import { Misuse } from '../command.ts'
import { type Content, type Entry, isJson, type Withheld } from './entry.ts'

/** Files of settings are trees; a store has keys in one row. Between them stands a separator. */
export type Tree = string | boolean | null | Written | readonly Tree[] | { readonly [name: string]: Tree }

/** JSON of today, which TypeScript's own library doesn't know yet. */
const exactly = JSON as typeof JSON & { rawJSON(text: string): unknown }

/** A number as it stood in its file: `1.10` is not `1.1` to whoever wrote it, and no digit of a long one is lost. */
export class Written {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
  toJSON(): unknown {
    return /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(this.text) ? exactly.rawJSON(this.text) : Number(this.text)
  }
}

export type Flattening = {
  /** What stands between the names; without it a tree has one floor. */
  readonly separator: string | undefined
  /** Below this floor, a value stays JSON. */
  readonly depth: number
  readonly contentType: string | undefined
}

const isBranch = (tree: Tree): tree is readonly Tree[] | { readonly [name: string]: Tree } =>
  typeof tree === 'object' && tree !== null && !(tree instanceof Written)

/** The leaves of a tree with their ways from the root. */
export function flattened(tree: Tree, { separator, depth, contentType }: Flattening): Content {
  const entries: Entry[] = []
  const withheld: Withheld[] = []
  if (!isBranch(tree)) throw new Misuse('The file must hold an object or a list.')
  const walk = (branch: Tree, way: string, floor: number): void => {
    if (!isBranch(branch) || floor === depth)
      return void entries.push({ name: way, value: said(branch, contentType), contentType })
    const members = Object.entries(branch) as [string, Tree][]
    if (members.length === 0) return void withheld.push({ name: way, reason: 'is empty' })
    if (separator === undefined && floor > 0) {
      throw new Misuse('The file has values inside values.', 'Say what stands between their names, as --separator :')
    }
    for (const [name, inner] of members) walk(inner, floor === 0 ? name : `${way}${separator}${name}`, floor + 1)
  }
  walk(tree, '', 0)
  return { entries, withheld }
}

/** Text stays as it is, unless everything is to be JSON; all else is said as JSON says it. */
function said(tree: Tree, contentType: string | undefined): string {
  if (typeof tree === 'string' && !isJson(contentType)) return tree
  return tree instanceof Written ? tree.text : JSON.stringify(tree)
}

/** The tree whose leaves these are; a key that is a leaf and a branch at once is refused. */
export function grown(entries: readonly Entry[], separator: string | undefined): { [name: string]: Tree } {
  const root: Branch = new Map()
  for (const { name, value, contentType } of entries) {
    const way = separator === undefined || separator === '' ? [name] : name.split(separator)
    let branch = root
    for (const part of way.slice(0, -1)) {
      const next = branch.get(part) ?? new Map()
      if (!(next instanceof Map)) throw bothAtOnce(name, separator)
      branch.set(part, next)
      branch = next
    }
    const last = way.at(-1) as string
    if (branch.has(last)) throw bothAtOnce(name, separator)
    branch.set(last, leaf(value, contentType))
  }
  return Object.fromEntries([...root].map(([name, inner]) => [name, settled(inner)]))
}

type Leaf = { readonly leaf: Tree }
type Branch = Map<string, Branch | Leaf>

const bothAtOnce = (name: string, separator: string | undefined): Misuse =>
  new Misuse(
    `${name} would stand where another setting stands${separator === undefined ? '' : `, or below one that has a value`}.`,
    'Export without --separator, or with the profile appconfig/kvset.',
  )

/** A value that says of itself that it is JSON becomes what it says; if it isn't, it stays text. */
function leaf(value: string, contentType: string | undefined): Leaf {
  if (!isJson(contentType)) return { leaf: value }
  try {
    return { leaf: jsonTree(value) }
  } catch {
    return { leaf: value }
  }
}

/** Names that count 0, 1, 2, … are a list. */
function settled(inner: Branch | Leaf): Tree {
  if (!(inner instanceof Map)) return inner.leaf
  const counts = [...inner.keys()].every((_, at) => inner.has(String(at)))
  if (counts) return [...inner.keys()].map((_, at) => settled(inner.get(String(at)) as Branch | Leaf))
  return Object.fromEntries([...inner].map(([name, deeper]) => [name, settled(deeper)]))
}

/** JSON, with its numbers as they are written. */
export const jsonTree = (text: string): Tree =>
  JSON.parse(text, (_, value, context?: { readonly source?: string }) =>
    typeof value === 'number' ? new Written(context?.source ?? String(value)) : value,
  ) as Tree
