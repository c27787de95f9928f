import type { Instant } from './clock.ts'
import type { Family, Labels } from './metrics.ts'

/**
 * Families of metrics as an `ExportMetricsServiceRequest` in OTLP's JSON (opentelemetry-proto 1.x): 64-bit numbers are
 * texts there, and times count nanoseconds. Counts are cumulative since the process began.
 */
export function otlpOf(families: readonly Family[], began: Instant, at: Instant, resource: Labels): unknown {
  const span = { startTimeUnixNano: nanos(began), timeUnixNano: nanos(at) }
  return {
    resourceMetrics: [
      {
        resource: { attributes: attributesOf(resource) },
        scopeMetrics: [{ scope: { name: 'cardea' }, metrics: families.map((family) => metricOf(family, span)) }],
      },
    ],
  }
}

type Span = { readonly startTimeUnixNano: string; readonly timeUnixNano: string }
const cumulative = 2

function metricOf(family: Family, span: Span): unknown {
  const { name, says: description, unit = '1' } = family
  if (family.kind === 'histogram') {
    const dataPoints = family.samples.map(({ labels, bounds, counts, sum }) => ({
      ...span,
      attributes: attributesOf(labels),
      count: String(counts.reduce((all, one) => all + one, 0)),
      sum,
      bucketCounts: [...counts].map(String),
      explicitBounds: bounds,
    }))
    return { name, description, unit, histogram: { aggregationTemporality: cumulative, dataPoints } }
  }
  const dataPoints = family.samples.map(({ labels, value }) => ({
    ...span,
    attributes: attributesOf(labels),
    asDouble: value,
  }))
  return family.kind === 'counter'
    ? { name, description, unit, sum: { aggregationTemporality: cumulative, isMonotonic: true, dataPoints } }
    : { name, description, unit, gauge: { dataPoints } }
}

const nanos = (at: Instant): string => `${Math.floor(at)}000000`
const attributesOf = (labels: Labels) =>
  Object.entries(labels).map(([key, stringValue]) => ({ key, value: { stringValue } }))
