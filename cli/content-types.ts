import { featureFlagType } from '@cardea/contract/appconfig/feature-flags'
import { keyVaultReferenceType } from '@cardea/contract/appconfig/key-values'

/** The content types of settings that are more than text, as Azure's clients write them. */
export const flagContentType = `${featureFlagType};charset=utf-8`
export const referenceContentType = `${keyVaultReferenceType};charset=utf-8`
