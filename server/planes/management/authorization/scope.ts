import { Fault } from '#base/fault.ts'
import type { Sql } from '#base/sql.ts'
import { canonicalPlace, type Place } from '#core/resources/places.ts'
import type { Tenancy } from '../../tenancy.ts'

type Raw = Readonly<Record<string, string | undefined>>

/**
 * The scope that a call was asked below, as everybody knows it. A part that came encoded (`%2f`, `..`) is no name of
 * anything, and so is no part of a scope.
 */
export const scopeOf = (sql: Sql, { subscription }: Tenancy, params: Raw): Promise<string> =>
  existing(sql, subscription, params)

/** A scope that stands in a body. */
export function scopeFrom(sql: Sql, { subscription }: Tenancy, text: string): Promise<string> {
  return existing(sql, subscription, partsOf(text), text)
}

const form =
  /^\/subscriptions\/(?<subscription>[^/]+)(?:\/resourceGroups\/(?<group>[^/]+)(?:\/providers\/(?<namespace>[^/]+)\/(?<type>[^/]+)\/(?<resource>[^/]+)(?:\/(?<childType>[^/]+)\/(?<child>[^/]+))?)?)?\/?$/i

/** The parts of a resource id; of what is none, parts that name nothing. */
const partsOf = (text: string): Place => (text === '/' ? {} : (form.exec(text)?.groups ?? { subscription: '' }))

/** Letters, digits and what Azure's names have besides: nothing that leads elsewhere. */
const plain = /^[\w().-]{1,127}$/

async function existing(sql: Sql, ours: string, place: Place, spelled?: string): Promise<string> {
  const { subscription, group, namespace, type, resource, childType, child } = place
  const parts = [subscription, group, namespace, type, resource, childType, child].filter((part) => part !== undefined)
  const sound = parts.every((part) => plain.test(part) && !/^\.+$/.test(part))
  const scope = sound ? await canonicalPlace(sql, ours, place) : undefined
  if (scope !== undefined) return scope
  const named = (spelled ?? `/${parts.join('/')}`).slice(0, 256)
  throw new Fault('not-found', `There is no resource, group or subscription at the scope '${named}'.`, {
    arm:
      resource === undefined
        ? group === undefined
          ? 'SubscriptionNotFound'
          : 'ResourceGroupNotFound'
        : 'ResourceNotFound',
  })
}
