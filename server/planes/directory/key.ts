import { guidForm } from '@cardea/contract/guid'
import { Fault } from '#base/fault.ts'
import type { Key } from '#core/directory/look-up.ts'

/** PostgreSQL can't even look for a text with NUL in it. */
const isSignInName = (value: string): boolean => value.includes('@') && !/\p{Cc}/u.test(value)

/** The key in a path: an id, `appId='…'`, or a user principal name; each also between quotes, as OData has it. */
export function keyIn(given: string): Key {
  const [, named, quoted] = /^(?:(\w+)=)?'([^']*)'$/.exec(given) ?? []
  const value = quoted ?? given
  const isId = guidForm.test(value)
  if (isId && named === undefined) return { by: 'id', value: value.toLowerCase() }
  if (isId && named?.toLowerCase() === 'appid') return { by: 'appId', value: value.toLowerCase() }
  if (named === undefined && isSignInName(value)) return { by: 'userPrincipalName', value }
  throw new Fault('invalid', `Invalid object identifier '${value.slice(0, 128)}'.`, { where: 'id' })
}

/** The id at the end of a pointer to an object, `…/directoryObjects/{id}`, on whatever host it is. */
export function referredTo(address: string): string {
  const found = /\/(?:directoryObjects|users|groups|servicePrincipals)\/([0-9a-f-]{36})$/i.exec(address)
  if (found === null || !guidForm.test(found[1] as string)) {
    throw new Fault('invalid', '@odata.id must be the address of an object: …/directoryObjects/{id}.', {
      where: '@odata.id',
    })
  }
  return (found[1] as string).toLowerCase()
}

/**
 * OData has two ways to write a key, `users('x')` and `users/x` (4.01, URL conventions 4.3.1 and 4.3.6); routes know
 * the second. What comes in the first is turned into it, and `/beta`, which some clients ask, into what we serve.
 */
export function keysAsSegments(target: string): string {
  const [path = '', ...query] = target.split('?')
  const turned = path
    .replace(/^\/beta(?=\/)/i, '/v1.0')
    .replace(/(?<=\/\w+)(?:\(|%28)([^()/]*?)(?:\)|%29)(?=\/|$)/gi, '/$1')
  return [turned, ...query].join('?')
}
