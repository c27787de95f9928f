import { keyVaultReferenceType } from '@cardea/contract/appconfig/key-values'
import { beginning, cellsOf, lettersOf } from './cells.ts'
import { shown } from './print.ts'

type Setting = { readonly value: string | null; readonly content_type: string | null }

const valueWidthMax = 48

/** Whether it points at a secret. */
export const isReference = ({ content_type: type }: Setting): boolean =>
  type?.startsWith(keyVaultReferenceType) === true

/** A setting's value in a line: with an arrow the secret that it points at, or as much of the text as is read at a glance. */
export const valueText = (setting: Setting): string => `${isReference(setting) ? '→ ' : ''}${bareValueText(setting)}`

/** The same without the arrow. */
export function bareValueText(setting: Setting): string {
  if (isReference(setting)) return target(setting.value)
  const text = shown(setting.value ?? '')
  return cellsOf(text) > valueWidthMax ? `${beginning(lettersOf(text), valueWidthMax - 1)}…` : text
}

function target(value: string | null): string {
  try {
    return shown((JSON.parse(value ?? '') as { uri: string }).uri)
  } catch {
    return 'nowhere: not a reference'
  }
}
