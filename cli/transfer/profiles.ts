import { Misuse } from '../command.ts'
import { type Content, type Entry, flagPrefix, flagType, type Withheld } from './entry.ts'
import { type Flattening, flattened, grown, type Tree, Written } from './tree.ts'

/** The two shapes of files that Azure's own tools write and read. */
export const profiles = ['appconfig/default', 'appconfig/kvset'] as const
export type Profile = (typeof profiles)[number]

const section = 'feature_management'
/** What .NET called it before there was a schema. */
const oldSections = ['FeatureManagement', 'featureManagement', 'feature-management']

type Named = { readonly [name: string]: Tree }
const isNamed = (tree: Tree | undefined): tree is Named =>
  typeof tree === 'object' && tree !== null && !Array.isArray(tree) && !(tree instanceof Written)

/** `appconfig/default`: a tree of settings, and feature flags in a section of their own. */
export function defaultContent(tree: Tree, flattening: Flattening): Content {
  if (!isNamed(tree)) return flattened(tree, flattening)
  const old: Withheld[] = oldSections
    .filter((name) => name in tree)
    .map((name) => ({ name, reason: `feature flags are read from "${section}", in the schema of version 2` }))
  const apart = [section, ...oldSections]
  const rest = Object.fromEntries(Object.entries(tree).filter(([name]) => !apart.includes(name)))
  const { entries, withheld } =
    Object.keys(rest).length === 0 ? { entries: [], withheld: [] } : flattened(rest, flattening)
  return { entries: [...entries, ...flagsIn(tree[section])], withheld: [...withheld, ...old] }
}

function flagsIn(management: Tree | undefined): Entry[] {
  if (management === undefined) return []
  const flags = isNamed(management) ? (management.feature_flags ?? []) : undefined
  if (!Array.isArray(flags)) throw new Misuse(`"${section}" must have a list "feature_flags".`)
  return (flags as readonly Tree[]).map((flag, at) => {
    const id = isNamed(flag) ? flag.id : undefined
    if (typeof id !== 'string' || id === '') throw new Misuse(`${section}.feature_flags[${at}] has no id.`)
    return { name: `${flagPrefix}${id}`, value: JSON.stringify(flag), contentType: flagType }
  })
}

export function defaultTree(entries: readonly Entry[], separator: string | undefined): Tree {
  const isFlag = ({ name }: Entry) => name.startsWith(flagPrefix)
  const flags = entries.filter(isFlag).map(({ name, value }) => flagOf(name, value))
  const tree = grown(
    entries.filter((entry) => !isFlag(entry)),
    separator,
  )
  if (flags.length === 0) return tree
  if (section in tree) throw new Misuse(`A setting is named ${section}, where feature flags stand.`)
  return { ...tree, [section]: { feature_flags: flags } }
}

function flagOf(name: string, value: string): Tree {
  try {
    return JSON.parse(value) as Tree
  } catch {
    throw new Misuse(`${name} is no feature flag.`)
  }
}

/** `appconfig/kvset`: every setting with all that belongs to it. */
export function kvsetContent(tree: Tree): Content {
  const items = isNamed(tree) ? tree.items : undefined
  if (!Array.isArray(items))
    throw new Misuse('The file must have a list "items", as the profile appconfig/kvset has it.')
  const entries = (items as readonly Tree[]).map((item, at): Entry => {
    const bad = (what: string) => new Misuse(`items[${at}] ${what}.`)
    if (!isNamed(item)) throw bad('is no object')
    const { key, tags = null } = item
    if (typeof key !== 'string' || key === '') throw bad('has no key')
    const textOrNone = (name: string): string | undefined => {
      const value = item[name] ?? null
      if (value === null || typeof value === 'string') return value ?? undefined
      throw bad(`has a ${name} that is no text`)
    }
    if (tags !== null && (!isNamed(tags) || Object.values(tags).some((tag) => typeof tag !== 'string'))) {
      throw bad('has tags that are not names with texts')
    }
    return {
      name: key,
      value: textOrNone('value') ?? '',
      label: textOrNone('label'),
      contentType: textOrNone('content_type'),
      ...(tags !== null && { tags: tags as Readonly<Record<string, string>> }),
    }
  })
  return { entries, withheld: [] }
}

export const kvsetTree = (entries: readonly Entry[]): Tree => ({
  items: entries.map(({ name, value, label, contentType, tags }) => ({
    key: name,
    value,
    label: label ?? null,
    content_type: contentType ?? '',
    tags: { ...tags },
  })),
})
