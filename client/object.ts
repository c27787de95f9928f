import { ConfigurationError } from './errors.ts'
import { flagPrefix } from './filters.ts'
import { isReference, mediaTypeOf } from './reference.ts'
import type { Entry, State } from './state.ts'

type Tree = Map<string, Tree | { leaf: unknown }>

/** A whole state as one object: keys are taken apart at the separator, values of a JSON content type are parsed. */
export function objectOf(state: State, separator: string): Record<string, unknown> {
  const root: Tree = new Map()
  for (const [key, entry] of state) {
    const path = key.split(separator)
    let tree = root
    for (const [at, part] of path.entries()) {
      const last = at === path.length - 1
      const found = tree.get(part) ?? (last ? { leaf: parsed(key, entry) } : new Map())
      if (last ? tree.has(part) : !(found instanceof Map)) {
        throw new ConfigurationError('invalid', `"${key}" can't be a value and an object at once.`, { key })
      }
      tree.set(part, found)
      if (found instanceof Map) tree = found
    }
  }
  // Built from entries, so that a key named like something of Object's prototype is a member as any other.
  const plain = (tree: Tree): Record<string, unknown> =>
    Object.fromEntries([...tree].map(([part, found]) => [part, found instanceof Map ? plain(found) : found.leaf]))
  return plain(root)
}

function parsed(key: string, { value, contentType }: Entry): unknown {
  const json = /^application\/(?:[\w.-]+\+)?json$/.test(mediaTypeOf(contentType))
  if (!json || isReference(contentType) || key.startsWith(flagPrefix)) return value
  try {
    return JSON.parse(value)
  } catch {
    return value
  }
}
