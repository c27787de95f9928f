import { Fault } from '#base/fault.ts'
import type { Call } from '../plane.ts'

/** The media types that writers send, as Microsoft's own emulator takes them. Who names none is believed to mean JSON. */
const json = /^\s*(?:(?:application|text)\/json|application\/[\w!#$&^.+-]+\+json)\s*(?:;|$)/i

/** Refuses a body that says of itself that it is no JSON. */
export function refuseMedia({ headers }: Call): void {
  const given = headers['content-type']
  if (given !== undefined && !json.test(String(given)))
    throw new Fault('invalid', 'The body must be JSON.', { where: 'Content-Type', kind: 'media-type' })
}
