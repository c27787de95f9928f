/** Where a secret stands in its vault, and what belongs to it. */
export const secretPath = (name: string): string => `/secrets/${encodeURIComponent(name)}`
export const deletedSecretPath = (name: string): string => `/deletedsecrets/${encodeURIComponent(name)}`
const ownPath = (name: string): string => `/.cardea/secrets/${encodeURIComponent(name)}`
export const readersPath = (name: string): string => `${ownPath(name)}/readers`
export const derivationPath = (name: string): string => `${ownPath(name)}/derivation`
export const rotationPath = (name: string): string => `${ownPath(name)}/rotation`
/** Rotating as usual, because of a leak, or back to the value before. */
export type Manner = 'emergency' | 'back' | undefined
export const rotatePath = (name: string, manner?: Manner): string =>
  `${ownPath(name)}/rotate${manner === undefined ? '' : `/${manner}`}`

/** Where a setting stands in its store. */
export const settingPath = (key: string, label: string | undefined): string =>
  `/kv/${encodeURIComponent(key)}${label === undefined ? '' : `?label=${encodeURIComponent(label)}`}`
