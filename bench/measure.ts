import { readFileSync } from 'node:fs'
import { type Found, type Load, underLoad } from './load.ts'

export type Options = {
  readonly connections: number
  /** Of each round. */
  readonly seconds: number
  readonly rounds: number
  readonly say: (line: string) => void
}
export type Outcome = {
  /** Whether the budget held, its wide margin included. */
  readonly kept: boolean
  readonly figures: Readonly<Record<string, string | number>>
}

/** So long V8 compiles, takes back and compiles again under load, until a request costs what it will go on costing. */
export const warmUpSeconds = 15

/** One round on one server. Times in milliseconds, CPU in microseconds for each answer. */
export type Round = Found & { readonly perSecond: number; readonly cpu: number }

/** The load, with what it cost the server's process. */
export async function round(pid: number, load: Load): Promise<Round> {
  const before = cpuMicroseconds(pid)
  const found = await underLoad(load)
  return { ...found, perSecond: found.answered / found.seconds, cpu: (cpuMicroseconds(pid) - before) / found.answered }
}

/** The CPU time that a process has had. */
// Linux counts in hundredths of a second (proc(5), utime and stime; sysconf(_SC_CLK_TCK) is 100 on every port we know).
export function cpuMicroseconds(pid: number): number {
  const fields = told(pid, 'stat').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) * 10_000
}

export const rssMegabytes = (pid: number): number => {
  const kilobytes = /^VmRSS:\s+(\d+)/m.exec(told(pid, 'status'))?.[1]
  return Number(kilobytes) / 1024
}

function told(pid: number, file: 'stat' | 'status'): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch (cause) {
    throw new Error(`The server under measurement (process ${pid}) has ended. What it said stands above.`, { cause })
  }
}

/** Rounds of base and Cardea in turn, A B A B, so that whatever else the machine does falls on both. */
export async function alternating(rounds: number, sides: readonly (() => Promise<Round>)[]): Promise<Round[][]> {
  const found: Round[][] = sides.map(() => [])
  for (let number = 0; number < rounds; number += 1) {
    for (const [index, side] of sides.entries()) found[index]?.push(await side())
  }
  return found
}

export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2
}

const columns = ['perSecond', 'p50', 'p99', 'p999', 'cpu'] as const
export type Summary = Record<(typeof columns)[number], number>

/** The middle of all rounds, figure by figure. */
export const summaryOf = (rounds: readonly Round[]): Summary =>
  Object.fromEntries(columns.map((column) => [column, median(rounds.map((round) => round[column]))])) as Summary

/** The ratio of each pair of neighbouring rounds, lowest and highest: how far the noise goes. */
export function spreadOf(base: readonly Round[], cardea: readonly Round[]): [number, number] {
  const ratios = base.map((round, index) => (cardea[index]?.perSecond ?? 0) / round.perSecond)
  return [Math.min(...ratios), Math.max(...ratios)]
}

export function tableOf(sides: Readonly<Record<string, Summary>>): string {
  const line = (name: string, cells: readonly string[]) =>
    name.padEnd(8) + cells.map((cell) => cell.padStart(12)).join('')
  return [
    line('', ['requests/s', 'p50 ms', 'p99 ms', 'p999 ms', 'CPU µs']),
    ...Object.entries(sides).map(([name, { perSecond, p50, p99, p999, cpu }]) =>
      line(name, [perSecond.toFixed(0), p50.toFixed(2), p99.toFixed(2), p999.toFixed(2), cpu.toFixed(1)]),
    ),
  ].join('\n')
}
