import { secretName } from '@cardea/contract/vault/secrets'
import { Misuse } from '../command.ts'

/** Where the name that something had elsewhere is kept, when a vault's alphabet has made another of it. */
export const originalNameTag = 'original-name'

/** `--map FROM=TO`, given again for another. */
export function mapFrom(given: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    given.map((one) => {
      const at = one.lastIndexOf('=')
      const to = one.slice(at + 1)
      if (at < 1 || !fits(to))
        throw new Misuse('--map must be NAME=SECRET, and SECRET 1 to 127 letters, digits and hyphens.')
      return [one.slice(0, at), to]
    }),
  )
}

const fits = (name: string): boolean => {
  try {
    return secretName.read(name, 'name') === name
  } catch {
    return false
  }
}

/**
 * A name in the alphabet of a vault: `_`, `/`, `.` and spaces become `-`, and a colon two, as .NET reads it back. A name
 * with anything else is nobody's to guess: undefined.
 */
export function secretNameFor(name: string, prefix: string, map: ReadonlyMap<string, string>): string | undefined {
  const told = map.get(name)
  if (told !== undefined) return told
  const made = `${prefix}${name}`.replace(/[_/. ]/g, '-').replaceAll(':', '--')
  return fits(made) ? made : undefined
}

/** The name of a variable for a secret: the one that it once had, else its own with `_` for `-`. */
export function variableNameFor(name: string, tags: Readonly<Record<string, string>>): string {
  const original = tags[originalNameTag]
  return original !== undefined && /^[A-Za-z_]\w*$/.test(original) ? original : name.replaceAll('-', '_')
}
