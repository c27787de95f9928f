import * as contract from '@cardea/contract/cardea/journal'
import type { Instant } from '#base/clock.ts'
import { Fault } from '#base/fault.ts'
import type { Place } from '#core/audit/entry.ts'
import { readJournal } from '#core/journal/journal.ts'
import type { Hosts } from '../../http/hosts.ts'
import { managementRoute } from '../../management/management-route.ts'
import { askedScope, scopeOf } from '../scope.ts'
import { auditEventOf } from './audit-event.ts'

const hourMs = 3_600_000
const usualLimit = 100

export default (hosts: Hosts) =>
  managementRoute(contract.readJournal, {
    resource: askedScope,
    async run(sight, { query, subject, call }) {
      const { caller, operation, outcome } = query
      // What is being written at this very moment stands in the next answer.
      const to = query.to ?? sight.at
      const from = query.from ?? to - hourMs
      const { found, next } = await readJournal(sight, {
        scope: scopeOf(query, subject),
        from,
        to,
        limit: query.limit ?? usualLimit,
        after: query.after === undefined ? undefined : placeIn(query.after),
        ...{ caller, operation, outcome },
      })
      return {
        value: found.map((entry) => auditEventOf(entry, hosts)),
        nextLink: next === undefined ? null : linkTo(hosts, call.target, { from, to, after: markOf(next) }),
      }
    },
  })

type Stretch = { readonly from: Instant; readonly to: Instant; readonly after: string }

/** The same question, from there on; its end stays where it was, or the last page would never come. */
function linkTo(hosts: Hosts, target: string, { from, to, after }: Stretch): string {
  const url = new URL(`${hosts.managementUrl}${target}`)
  const link = new URL(`${url.origin}${url.pathname}`)
  for (const [name, value] of url.searchParams) {
    if (!['after', 'to', 'from'].includes(name.toLowerCase())) link.searchParams.append(name, value)
  }
  link.searchParams.set('from', new Date(from).toISOString())
  link.searchParams.set('to', new Date(to).toISOString())
  link.searchParams.set('after', after)
  return link.href
}

const markOf = ({ at, writer, number }: Place): string =>
  Buffer.from(JSON.stringify([at, writer, number])).toString('base64url')

function placeIn(mark: string): Place {
  try {
    const [at, writer, number, ...more] = JSON.parse(Buffer.from(mark, 'base64url').toString('utf8')) as unknown[]
    if (Number.isSafeInteger(at) && typeof writer === 'string' && Number.isSafeInteger(number) && more.length === 0)
      return { at: at as number, writer, number: number as number }
  } catch {
    // Whatever it is, it is none of ours.
  }
  throw new Fault('invalid', 'after must be what nextLink said.', { where: 'after' })
}
