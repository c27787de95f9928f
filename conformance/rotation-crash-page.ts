import { availableParallelism, release } from 'node:os'
import type { Column, Death } from './crash-matrix.ts'
import type { TargetCrash, TargetCrashes } from './target-crashes.ts'
import { untried } from './targets/targets.ts'

export type Found = {
  readonly columns: readonly Column[]
  readonly crashes: readonly TargetCrashes[]
  readonly seconds: number
  /** What the machine had to do meanwhile: how many ran or waited to run, on average. */
  readonly load: number
}

/** What each step does, for who reads the page. */
const steps: Readonly<Record<string, string>> = {
  look: 'reads how things stand, and decides',
  prepare: 'thinks of the new value and keeps it, sealed',
  check: 'asks the target whether it accepts what is published',
  arm: 'writes down that a request may be under way',
  apply: 'has the target accept the new value',
  sweep: 'takes away what an earlier attempt left there',
  mint: 'has the target make the new value',
  keep: 'keeps the value that the target made, sealed',
  rest: 'writes down that the request was answered',
  ask: 'asks the target whether it accepts the new value already',
  probe: 'asks the target whether it accepts the new value',
  publish: 'makes the new value the current version',
  'probe-current': 'asks the target once more whether it accepts what is published',
  'ask-old': 'asks the target whether it still accepts the old value',
  retire: 'has the target refuse the old value',
  'probe-old': 'asks the target whether it refuses the old value',
  wait: 'writes down when to look again',
  applying: 'writes down that nothing is in the way',
  verified: 'writes down that the target accepts the new value',
  retiring: 'writes down that nobody waits for the old value',
  done: 'writes down that it is over',
}

/** The crash matrix as a page. */
export function pageOf({ columns, crashes, seconds, load }: Found, at: Date): string {
  const met = new Set(columns.flatMap(({ deaths }) => deaths.map(({ step }) => step)))
  const programs = [...new Set([...columns, ...crashes].map(({ program }) => program))]
  // A build's own name says whose machine it was, and nothing of Linux.
  const [kernel] = /^[\d.]+/.exec(release()) ?? ['']
  const versions = programs.filter((program) => /\d/.test(program)).join(', ')
  return [
    '# Servers that are killed while credentials rotate',
    '',
    `Made by \`npx node conformance/rotation-crash.ts --out docs/conformance/rotation-crash.md\` on ${at.toISOString().slice(0, 10)} in ${seconds} s:`,
    `Node ${process.versions.node}, Linux ${kernel}; ${versions}. ${availableParallelism()} processors and a load of ${load.toFixed(1)}:`,
    'how long things took says as much about that as about Cardea.',
    '',
    'Cardea’s process was killed with SIGKILL right before and right after each step of each provider’s rotation, and begun',
    'again on the same data. One kill is the death of several rotations at once, each held still at a moment of its own.',
    'Then the servers that credentials are rotated at were killed in their turn, at every packet that a rotation sends them:',
    'as they were asked, and once they had answered but before anybody had heard.',
    '',
    'A rotation ends well when it is `done` by itself, nothing is blocked, the target itself accepts what is published and',
    'refuses the value before, no other credential lives there (a left-over of an attempt for one), and the rotation has made',
    'exactly one version and lost none. Where a target takes one credential at a time (`postgres-role`, `rabbitmq`, `webhook`),',
    'what is published is refused between the step `apply` and the step `publish`, and a crash in between makes that as long as',
    'it takes to begin again; nobody has to do anything about it. A random value is accepted by its readers alone, so of it only',
    'the versions are looked at. Of two keys both always live: neither may be one that was published before.',
    '',
    ...summaryOf(columns, crashes),
    ...Object.entries(untried).flatMap(([provider, why]) => [`Not tried: \`${provider}\`, since ${why}.`, '']),
    ...(columns.length > 0 ? ['## Cardea is killed', '', ...explained([...met]), ...columns.flatMap(stepsOf)] : []),
    ...(crashes.length > 0 ? ['## The target is killed', '', ...crashes.flatMap(packetsOf)] : []),
  ].join('\n')
}

function summaryOf(columns: readonly Column[], crashes: readonly TargetCrashes[]): string[] {
  const ran = [...new Set([...columns, ...crashes].map(({ provider }) => provider))]
  const lines = ran.map((provider) => {
    const deaths = columns.find((one) => one.provider === provider)?.deaths
    const struck = crashes.find((one) => one.provider === provider)
    const program = columns.find((one) => one.provider === provider)?.program ?? struck?.program
    return `| \`${provider}\` | ${program} | ${counted(deaths)} | ${counted(struck?.crashes)} |`
  })
  return [
    '| provider | target | Cardea killed: ended well | slowest | target killed: ended well | slowest |',
    '|---|---|--:|--:|--:|--:|',
    ...lines,
    '',
  ]
}

function counted(all: readonly (Death | TargetCrash)[] | undefined): string {
  if (all === undefined || all.length === 0) return '– | –'
  const well = all.filter(({ wrong }) => wrong.length === 0).length
  const count = `${well} of ${all.length}`
  return `${well === all.length ? count : `**${count}**`} | ${secondsOf(Math.max(...all.map((one) => one.recoveredMs)))}`
}

const explained = (met: readonly string[]): string[] => [
  'What the steps do, and from the death until the rotation was seen at its end (the process’ new beginning is part of it):',
  '',
  ...met.map((step) => `- \`${step}\` ${steps[step] ?? ''}`.trimEnd()),
  '',
]

function stepsOf({ provider, program, deaths }: Column): string[] {
  const rows = new Map<string, { readonly step: string; readonly cells: Map<string, Death> }>()
  for (const death of deaths) {
    const key = `${death.step} ${death.nth}`
    const row = rows.get(key) ?? { step: death.step, cells: new Map() }
    row.cells.set(death.when, death)
    rows.set(key, row)
  }
  const lines = [...rows.values()].map(
    ({ step, cells }, index) =>
      `| ${index + 1} | \`${step}\` | ${howItEnded(cells.get('before'))} | ${howItEnded(cells.get('after'))} |`,
  )
  return [
    `### \`${provider}\`: ${program}`,
    '',
    '| | step | killed right before | right after |',
    '|--:|---|--:|--:|',
    ...lines,
    '',
  ]
}

function packetsOf({ provider, program, crashes }: TargetCrashes): string[] {
  const packets = [...new Set(crashes.map(({ packet }) => packet))]
  const lines = packets.map((packet) => {
    const at = (when: string) => crashes.find((crash) => crash.packet === packet && crash.when === when)
    return `| ${packet} | \`${at('asked')?.step}\` | ${howItEnded(at('asked'))} | ${howItEnded(at('answered'))} |`
  })
  return [
    `### \`${provider}\`: ${program}`,
    '',
    '| packet | during | killed as it was asked | once it had answered |',
    '|--:|---|--:|--:|',
    ...lines,
    '',
  ]
}

function howItEnded(one: Death | TargetCrash | undefined): string {
  if (one === undefined) return '–'
  const { state, recoveredMs, wrong } = one
  return wrong.length === 0 ? `${state}, ${secondsOf(recoveredMs)}` : `**${state}: ${wrong.join('; ')}**`
}

const secondsOf = (ms: number): string => `${(ms / 1000).toFixed(1)} s`
