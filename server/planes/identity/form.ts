import type { Call } from '../plane.ts'
import { clean, missing, Refusal } from './refusal.ts'

/** The fields of a form. One that comes twice is an attack or a mistake (RFC 6749 3.2). */
export function formOf({ body, headers }: Call): URLSearchParams {
  const type = String(headers['content-type'] ?? '').toLowerCase()
  if (body === undefined || !type.startsWith('application/x-www-form-urlencoded')) throw missing('grant_type')
  return onlyOnce(new URLSearchParams(body.toString('utf8')))
}

/** The fields of a request's query, exactly as they were sent, under the same rule. */
export const queryOf = ({ target }: Call): URLSearchParams =>
  onlyOnce(new URLSearchParams(target.includes('?') ? target.slice(target.indexOf('?') + 1) : ''))

function onlyOnce(fields: URLSearchParams): URLSearchParams {
  const names = new Set<string>()
  const twice = [...fields.keys()].find((name) => names.size === names.add(name).size)
  if (twice !== undefined)
    throw new Refusal(400, 'invalid_request', 900144, `The parameter '${clean(twice)}' is given twice.`)
  return fields
}

/** A field that has to be there, and not be longer than anything sensible. */
export function needed(form: URLSearchParams, name: string, lengthMax = 2048): string {
  const value = form.get(name) ?? ''
  if (value === '') throw missing(name)
  if (value.length > lengthMax)
    throw new Refusal(400, 'invalid_request', 90014, `The parameter '${clean(name)}' is too long.`)
  return value
}
