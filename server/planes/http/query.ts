/** Query parameters by their names in lower case. */
export type Query = Record<string, string | string[]>

/** Most requests ask for an api-version and nothing else. */
const known = new Map<string, Query>()

/**
 * Query parameters: names are decoded before they are looked at (JavaScript clients send `api%2Dversion`), and compared
 * without case; a parameter that comes twice is a list.
 */
export function queryOf(text: string): Query {
  const remembered = known.get(text)
  if (remembered !== undefined) return remembered
  const query = parsed(text)
  if (text.length <= 64 && known.size < 1000) known.set(text, query)
  return query
}

function parsed(text: string): Query {
  const query: Query = Object.create(null)
  for (const [given, value] of new URLSearchParams(text)) {
    const name = given.toLowerCase()
    const before = query[name]
    if (before === undefined) query[name] = value
    else if (Array.isArray(before)) before.push(value)
    else query[name] = [before, value]
  }
  return query
}
