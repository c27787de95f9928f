import * as contract from '@cardea/contract/cardea/metrics'
import { textOf, textType } from '#base/metrics-text.ts'
import { managementRoute } from '../../management/management-route.ts'
import { Reply } from '../../plane.ts'
import type { Metrics } from './metrics.ts'

export default (metrics: Metrics) =>
  managementRoute(contract.readMetrics, {
    resource: (_, { subscription }) => `/subscriptions/${subscription}`,
    run: async () => new Reply(200, { 'content-type': textType }, textOf(await metrics.families())),
  })
