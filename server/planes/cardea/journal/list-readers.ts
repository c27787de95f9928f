import * as contract from '@cardea/contract/cardea/journal'
import { inSeconds } from '#base/clock.ts'
import { readersOf } from '#core/journal/readings.ts'
import { resourceOf } from '#core/secrets/secrets.ts'
import { theSecret } from '../../vault/resource.ts'
import { vaultRoute } from '../../vault/vault-route.ts'

export default () =>
  vaultRoute(contract.listReaders, {
    resource: theSecret,
    async run(sight, { params: { name }, subject: vault }) {
      const readers = await readersOf(sight, resourceOf(vault, name))
      return {
        value: readers.map(
          ({ version, caller, appId, at, address, times }): contract.Reader => ({
            ...{ version, objectId: caller, appId, lastRead: inSeconds(at), address, times },
          }),
        ),
      }
    },
  })
