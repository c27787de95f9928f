import { operation } from '../operation.ts'
import { nothing, record } from '../shape.ts'

/** What the server has counted and how things stand, in Prometheus' text format (ours). On the management host. */
export const readMetrics = operation({
  id: 'MetricsRead',
  method: 'GET',
  path: '/.cardea/metrics',
  since: 'always',
  action: 'metrics/read',
  effect: 'read',
  params: record({}),
  query: record({}),
  body: nothing,
  status: 200,
})
