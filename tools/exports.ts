import { place, type Source } from './tidy.ts'

/** What files give to each other by name, and whether anybody takes it. */

/** The treaty, and what of the client library is public: programs that we don't know may take what these give. */
const published = /^(contract\/|client\/(index|adapters\/pg)\.ts$)/

/**
 * Values that are given to nobody, as `file: name`. Types are left out: one may be there to say what an exported function takes or
 * gives. So are default exports, which are found by their file.
 */
export function wasted(sources: readonly Source[]): string[] {
  const takes = new Set(sources.flatMap(({ file, text }) => taken(file, text)))
  return sources
    .filter(({ file }) => !published.test(file))
    .flatMap(({ file, text }) => given(text).map((name) => `${file}: ${name}`))
    .filter((line) => !takes.has(line) && !takes.has(line.replace(/: \w+$/, ': *')))
}

const given = (text: string): string[] => [
  ...[...text.matchAll(/^export (?:async )?(?:const|let|function\*?|class) (\w+)/gm)].map(([, name]) => name as string),
  ...[...text.matchAll(/^export \{([^}]*)\}/gm)].flatMap(([, names]) => named(names as string, -1)),
]

/** As `file: name`; the name is `*` where a file takes whatever there is. */
function taken(file: string, text: string): string[] {
  const listed = text.matchAll(/^(?:import|export)\s+(?:\w+,\s+)?\{([^}]*)\}\s+from\s+'([^']+)'/gm)
  const whole = text.matchAll(/^(?:import|export)\s+\*[^'"]*?from\s+'([^']+)'|\bimport\('([^']+)'\)/gm)
  return [
    ...[...listed].flatMap(([, names, to]) =>
      named(names as string, 0).map((name) => `${place(file, to as string)}: ${name}`),
    ),
    ...[...whole].map(([, to, later]) => `${place(file, (to ?? later) as string)}: *`),
  ]
}

/** Of `a, type b as c` the names on this side (`a`, `b`) or on that (`a`, `c`). */
const named = (list: string, side: 0 | -1): string[] =>
  list.split(',').flatMap(
    (part) =>
      part
        .trim()
        .replace(/^type\s+/, '')
        .split(/\s+as\s+/)
        .at(side) || [],
  )
