import { Misuse } from './command.ts'
import { durationFrom } from './duration.ts'

/** A moment: as ISO 8601 spells it (without an offset, by this machine's clock), or so long ago, or ahead. */
export function instantFrom(option: string, text: string, now: number, way: 'ago' | 'ahead'): string {
  if (/^\d+[smhdw]$/.test(text)) {
    const ms = durationFrom(option, text) * 1000
    return new Date(way === 'ago' ? now - ms : now + ms).toISOString()
  }
  const at = /^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(at))
    throw new Misuse(`${option} must be a moment such as 2030-01-31T12:00:00Z, or a time such as 2h.`)
  return new Date(at).toISOString()
}
