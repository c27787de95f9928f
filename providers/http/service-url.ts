import { type Shape, ShapeError, text } from '@cardea/contract/shape'
import { isLoopback } from './request.ts'

const given = text({ maxCharacters: 2048 })

type Wanted = {
  /** Whether it may have a query. */
  readonly query?: boolean
  /** Whether paths are put behind it, so that a slash at its end is left out. */
  readonly prefix?: boolean
}

/**
 * Where a service is, as a binding names it: by TLS, or on this very machine. It holds nothing that says who we are, since
 * what stands in a binding can be read by everybody who may see it.
 */
export const serviceUrl = ({ query = false, prefix = false }: Wanted = {}): Shape<string> => ({
  read(value, where) {
    const said = given.read(value, where)
    const url = URL.parse(said)
    const isReached = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname))
    const isBare = url?.username === '' && url.password === '' && url.hash === '' && (query || url.search === '')
    if (!isReached || !isBare) {
      const without = query ? 'user and fragment' : 'user, query and fragment'
      throw new ShapeError(where, `an https:// URL without ${without}; http:// leads to this very machine only`)
    }
    return prefix ? said.replace(/\/$/, '') : said
  },
})
