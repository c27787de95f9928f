import { Misuse } from './command.ts'
import { spanOf } from './print.ts'

const seconds = { s: 1, m: 60, h: 3_600, d: 86_400, w: 7 * 86_400 }

type Range = { readonly from: number; readonly to: number }

/** `90d`, `12h`, `30m`, `45s`, `2w` as seconds. */
export function durationFrom(option: string, text: string, range?: Range): number {
  const [, count, unit] = /^(\d{1,9})([smhdw])$/.exec(text) ?? []
  if (count === undefined) throw new Misuse(`${option} must be a time such as 90d, 12h, 30m or 45s.`)
  const span = Number(count) * seconds[unit as keyof typeof seconds]
  if (range !== undefined && (span < range.from || span > range.to)) {
    throw new Misuse(`${option} must be from ${spanOf(range.from)} to ${spanOf(range.to)}.`)
  }
  return span
}
