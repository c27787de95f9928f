import type { Family, Labels, Spread } from './metrics.ts'

/** Families of metrics as Prometheus reads them (text exposition format 0.0.4). */
export const textType = 'text/plain; version=0.0.4; charset=utf-8'

/** The families as one text. */
export const textOf = (families: readonly Family[]): string =>
  families
    .flatMap((family) => [
      `# HELP ${family.name} ${family.says.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`,
      `# TYPE ${family.name} ${family.kind}`,
      ...(family.kind === 'histogram'
        ? family.samples.flatMap((spread) => spreadLines(family.name, spread))
        : family.samples.map(({ labels, value }) => `${family.name}${labelsText(labels)} ${value}`)),
    ])
    .map((line) => `${line}\n`)
    .join('')

function spreadLines(name: string, { labels, bounds, counts, sum }: Spread): string[] {
  let upTo = 0
  const buckets = [...bounds, Number.POSITIVE_INFINITY].map((bound, place) => {
    upTo += counts[place] as number
    const le = bound === Number.POSITIVE_INFINITY ? '+Inf' : String(bound)
    return `${name}_bucket${labelsText({ ...labels, le })} ${upTo}`
  })
  return [...buckets, `${name}_sum${labelsText(labels)} ${sum}`, `${name}_count${labelsText(labels)} ${upTo}`]
}

function labelsText(labels: Labels): string {
  const all = Object.entries(labels).map(([label, value]) => `${label}="${escaped(value)}"`)
  return all.length === 0 ? '' : `{${all.join(',')}}`
}

const escaped = (value: string): string => value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
