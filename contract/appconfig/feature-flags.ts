import { anything, dictionary, flag, list, oneOf, optional, record, type Shape, ShapeError, text } from '../shape.ts'

/** Feature flags, version 2 of their schema (Microsoft.FeatureManagement); 1.1 is the same without variants. */
export const featureFlagPrefix = '.appconfig.featureflag/'
export const featureFlagType = 'application/vnd.microsoft.appconfig.ff+json'

/** One line: what the schema calls `^(.*)$`. */
const line = text({ pattern: /^.*$/, wanted: 'one line of text' })

const percent: Shape<number> = {
  read(value, where) {
    if (typeof value !== 'number' || !(value >= 0 && value <= 100))
      throw new ShapeError(where, 'a number from 0 to 100')
    return value
  },
}

/** Null where the schema has an optional member is what clients write for "none". */
export const featureFlag = record({
  // The schema requires it, and Python's SDK 1.4 writes flags without it: their key names them.
  id: optional(
    text({ pattern: /^[^:\n\r%]+$/, wanted: 'the name of a flag: not empty, without ":", "%" and line breaks' }),
  ),
  description: optional(line),
  display_name: optional(line),
  enabled: optional(flag),
  conditions: optional(
    record({
      requirement_type: optional(oneOf('Any', 'All')),
      client_filters: optional(list(record({ name: line, parameters: optional(dictionary(anything)) }))),
    }),
  ),
  variants: optional(
    list(
      record({
        name: line,
        configuration_value: anything,
        status_override: optional(oneOf('None', 'Enabled', 'Disabled')),
      }),
    ),
  ),
  allocation: optional(
    record({
      default_when_disabled: optional(line),
      default_when_enabled: optional(line),
      user: optional(list(record({ variant: line, users: list(text()) }))),
      group: optional(list(record({ variant: line, groups: list(text()) }))),
      percentile: optional(list(record({ variant: line, from: percent, to: percent }))),
      seed: optional(line),
    }),
  ),
  telemetry: optional(record({ enabled: optional(flag), metadata: optional(dictionary(text())) })),
})
