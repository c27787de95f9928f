import { Misuse } from './command.ts'

const seconds = { s: 1, m: 60, h: 3_600, d: 86_400, w: 7 * 86_400 }

/** `90d`, `12h`, `30m`, `45s`, `2w` as seconds. */
export function durationFrom(option: string, text: string): number {
  const [, count, unit] = /^(\d{1,9})([smhdw])$/.exec(text) ?? []
  if (count === undefined) throw new Misuse(`${option} must be a time such as 90d, 12h, 30m or 45s.`)
  return Number(count) * seconds[unit as keyof typeof seconds]
}
