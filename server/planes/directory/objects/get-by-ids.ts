import * as contract from '@cardea/contract/directory/directory-objects'
import { findObject } from '#core/directory/objects.ts'
import { directoryRoute } from '../directory-route.ts'
import { directoryObjectOf } from '../wire.ts'

/** Those of the ids that are there, of the kinds that were asked for; the rest is passed over in silence, as with Graph. */
export default () =>
  directoryRoute(contract.getByIds, async (sight, { body: { ids, types } }) => {
    const wanted = types?.map((type) => `#microsoft.graph.${type.toLowerCase()}`)
    const every = wanted === undefined || wanted.length === 0 || wanted.includes('#microsoft.graph.directoryobject')
    const value: object[] = []
    for (const id of new Set(ids.map((one) => one.toLowerCase()))) {
      const found = await findObject(sight, id)
      if (found === undefined) continue
      const object = directoryObjectOf(found)
      if (every || wanted.includes(object['@odata.type'].toLowerCase())) value.push(object)
    }
    return { value }
  })
