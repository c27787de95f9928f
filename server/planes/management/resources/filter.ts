import { Fault } from '#base/fault.ts'
import type { Resource } from '#core/resources/resources.ts'
import { groupIn, lastIn } from '#core/vaults/resource-id.ts'

/** What a resource is asked for by: `resourceType eq 'x' and name eq 'y'`, as clients write it (*Resources - List*). */
const term = /^\s*(resourceType|name|resourceGroup|location|tagName|tagValue)\s+eq\s+'((?:[^']|'')*)'\s*(?:and\s|$)/i

const tests: Record<string, (resource: Resource, wanted: string) => boolean> = {
  resourcetype: ({ type }, wanted) => type.toLowerCase() === wanted,
  name: ({ id }, wanted) => lastIn(id).toLowerCase() === wanted,
  resourcegroup: ({ id }, wanted) => groupIn(id).toLowerCase() === wanted,
  location: ({ location }, wanted) => location.toLowerCase() === wanted,
  tagname: ({ tags }, wanted) => Object.keys(tags).some((name) => name.toLowerCase() === wanted),
}

/** Whether a resource is one of those that a filter names. Throws `invalid` for what isn't such a filter. */
export function filterFrom(text = ''): (resource: Resource) => boolean {
  const wanted = new Map<string, string>()
  let rest = text.trim()
  while (rest !== '') {
    const [whole, name, value] = term.exec(rest) ?? []
    if (whole === undefined || name === undefined || value === undefined) {
      throw new Fault(
        'invalid',
        `The filter '${text.slice(0, 256)}' is not understood. Use resourceType, name, resourceGroup, location, tagName and tagValue with eq, joined by and.`,
        { arm: 'InvalidFilterInQueryString' },
      )
    }
    wanted.set(name.toLowerCase(), value.replaceAll("''", "'").toLowerCase())
    rest = rest.slice(whole.length).trim()
  }
  const tagValue = wanted.get('tagvalue')
  return (resource) =>
    [...wanted].every(([name, value]) => tests[name]?.(resource, value) ?? true) &&
    (tagValue === undefined ||
      Object.entries(resource.tags).some(
        ([name, value]) => name.toLowerCase() === wanted.get('tagname') && value.toLowerCase() === tagValue,
      ))
}
