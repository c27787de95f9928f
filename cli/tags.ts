import { Misuse } from './command.ts'

/** Tags as they are given: `--tag KEY=VALUE`, again for another. */
export function tagsIn(given: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    given.map((tag) => {
      const at = tag.indexOf('=')
      if (at < 1) throw new Misuse('--tag must be KEY=VALUE.')
      return [tag.slice(0, at), tag.slice(at + 1)]
    }),
  )
}
