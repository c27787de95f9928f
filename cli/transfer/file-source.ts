import { extname } from 'node:path'
import { Misuse } from '../command.ts'
import { textIn } from '../value.ts'
import { dotenvEntries } from './dotenv.ts'
import type { Content } from './entry.ts'
import { defaultContent, kvsetContent, type Profile } from './profiles.ts'
import { propertiesEntries } from './properties.ts'
import { type Flattening, jsonTree, type Tree } from './tree.ts'
import { yamlTree } from './yaml-tree.ts'

export const formats = ['env', 'json', 'yaml', 'properties'] as const
export type Format = (typeof formats)[number]

const endings: Readonly<Record<string, Format>> = {
  '.json': 'json',
  '.yaml': 'yaml',
  '.yml': 'yaml',
  '.properties': 'properties',
  '.env': 'env',
}

// What was given isn't repeated: somebody may take us to want a connection string there.
const unsaid = 'A connection string or a token is never an argument. See: cardea help import'

/** What a file is, by what was said or by how its name ends: `.env`, `.env.local`, `settings.json`. */
export function formatOf(file: string, said: string | undefined): Format {
  const base = file.slice(file.lastIndexOf('/') + 1)
  const format = formats.find((one) => one === said) ?? (/^\.env(\.|$)/.test(base) ? 'env' : endings[extname(base)])
  if (format === undefined)
    throw new Misuse(`What kind of file is it? Say it with --format ${formats.join('|')}.`, unsaid)
  return format
}

/** What a file's bytes say. A complaint names the place in the file, and never what stands there. */
export function contentOf(
  bytes: Buffer,
  format: Format,
  profile: Profile | undefined,
  flattening: Flattening,
): Content {
  const text = textIn(bytes, 'The file').replace(/^\ufeff/, '')
  try {
    if (profile === 'appconfig/kvset') return kvsetContent(treeOf(text, format))
    if (format === 'env') return { entries: dotenvEntries(text), withheld: [] }
    if (format === 'properties') return { entries: propertiesEntries(text), withheld: [] }
    return defaultContent(treeOf(text, format), flattening)
  } catch (error) {
    // That is how a stack overflows; a file may be made to do that.
    if (error instanceof RangeError) throw new Misuse('The file is nested too deep.')
    throw error
  }
}

function treeOf(text: string, format: Format): Tree {
  if (format === 'yaml') return yamlTree(text)
  if (format !== 'json') throw new Misuse('The profile appconfig/kvset is a file of JSON or YAML.')
  try {
    return jsonTree(text)
  } catch (error) {
    if (error instanceof RangeError) throw error
    // The text of a JSON error quotes what it met, which may be a value.
    throw new Misuse('The file is no JSON.')
  }
}
