import { Refusal } from './command.ts'
import { pagesOf, type Service } from './service.ts'

/** Somebody in the directory: a person, a group of people, or who acts for an application. */
export type Principal = { readonly id: string; readonly displayName: string; readonly appId?: string }

const guid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
export const whoWords = 'a name with which somebody signs in, the name of a group or application, or an id'
/** Of those who can act by themselves: a group can't. */
export const actorWords = 'a name with which somebody signs in, the name of an application, or an id'

/** A text in a filter: a quote inside is written twice. */
const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`

/** Who is meant, by an id, the name with which they sign in, or the name that they alone have. */
export async function principalCalled(directory: Service, who: string): Promise<Principal> {
  if (guid.test(who)) {
    const found =
      (await oneAt(directory, `/v1.0/directoryObjects/${who}`)) ??
      (await oneAt(directory, `/v1.0/servicePrincipals(appId='${who}')`))
    if (found !== undefined) return found
    throw nobody(who)
  }
  if (who.includes('@')) {
    const found = await oneAt(directory, `/v1.0/users/${encodeURIComponent(who)}`)
    if (found !== undefined) return found
    throw nobody(who)
  }
  const found = await calledIn(directory, ['servicePrincipals', 'groups', 'users'], who)
  return onlyOne(found, who)
}

/** The id of who is meant. One that is given is taken as it is, also of somebody who is gone, and by who may not look into the directory. */
export const idCalled = async (directory: Service, who: string): Promise<string> =>
  guid.test(who) ? who : (await principalCalled(directory, who)).id

/** What has this name in one of the directory's collections, of which there must be one. */
export async function objectCalled(directory: Service, collection: string, name: string): Promise<Principal> {
  if (!guid.test(name)) return onlyOne(await calledIn(directory, [collection], name), name)
  const found =
    (await oneAt(directory, `/v1.0/${collection}/${name}`)) ??
    (collection === 'groups' ? undefined : await oneAt(directory, `/v1.0/${collection}(appId='${name}')`))
  if (found === undefined) throw nobody(name)
  return found
}

async function calledIn(directory: Service, collections: readonly string[], name: string): Promise<Principal[]> {
  const query = new URLSearchParams({ $filter: `displayName eq ${quoted(name)}` })
  const found: Principal[] = []
  for (const collection of collections)
    found.push(...(await pagesOf<Principal>(directory, `/v1.0/${collection}?${query}`, 'value', '@odata.nextLink')))
  return found
}

function onlyOne(found: readonly Principal[], name: string): Principal {
  const [first, ...others] = found
  if (first === undefined) throw nobody(name)
  if (others.length === 0) return first
  const ids = found.map(({ id }) => id).join(', ')
  throw new Refusal('refused', `${found.length} are called ${name}.`, `Say which by its object id: ${ids}`)
}

const nobody = (who: string): Refusal =>
  new Refusal(
    'not-found',
    `There is nobody called ${who} in the directory.`,
    'See: cardea user list, cardea group list and cardea app list',
  )

async function oneAt(directory: Service, path: string): Promise<Principal | undefined> {
  try {
    return (await directory.ask<Principal>('GET', path)).body
  } catch (error) {
    if (error instanceof Refusal && error.code === 'not-found') return undefined
    throw error
  }
}
