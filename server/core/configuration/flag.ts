import { featureFlag, featureFlagPrefix, featureFlagType } from '@cardea/contract/appconfig/feature-flags'
import { ShapeError } from '@cardea/contract/shape'
import { Fault } from '#base/fault.ts'
import { mediaType } from './reference.ts'
import type { Written } from './setting.ts'

/** Refuses a feature flag that doesn't fit its schema. What is no flag by its content type is not looked at. */
export function refuseBadFlag({ key, contentType, value }: Written): void {
  if (contentType === undefined || mediaType(contentType) !== featureFlagType) return
  try {
    const { id } = featureFlag.read(parsed(value), 'value')
    if (id === undefined && !key.startsWith(featureFlagPrefix)) throw new ShapeError('value.id', 'the name of the flag')
  } catch (error) {
    if (error instanceof ShapeError) throw new Fault('invalid', `${error.message}.`, { where: error.where })
    throw error
  }
}

function parsed(value: string | undefined): unknown {
  try {
    return JSON.parse(value ?? '')
  } catch {
    throw new ShapeError('value', 'the JSON of a feature flag')
  }
}
