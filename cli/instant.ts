import { Misuse } from './command.ts'
import { durationFrom } from './duration.ts'

/** A moment: as ISO 8601 spells it (a day in UTC, a time without an offset by this machine's clock), or so long ago, or ahead. */
export function instantFrom(option: string, text: string, now: number, way: 'ago' | 'ahead'): string {
  const at = new Date(timeOf(option, text, now, way))
  if (Number.isNaN(at.getTime()))
    throw new Misuse(`${option} must be a moment such as 2030-01-31T12:00:00Z, or a time such as 2h.`)
  return at.toISOString()
}

function timeOf(option: string, text: string, now: number, way: 'ago' | 'ahead'): number {
  if (/^\d+[smhdw]$/.test(text)) return now + (way === 'ago' ? -1 : 1) * durationFrom(option, text) * 1000
  return /^\d{4}-\d\d-\d\d(T\d\d:\d\d|$)/.test(text) ? Date.parse(text) : Number.NaN
}
