/**
 * The three tags by which Azure's rotation functions know what to change, understood as a binding of ours. Whoever may
 * set a secret may write its tags, so nothing of them is believed that doesn't look exactly like what it is to be.
 */
export type Tags = Readonly<Record<string, string>>

/** What tags can't say: where the services are, and which secrets hold the right to change a credential there. */
export type Surroundings = {
  readonly management: string
  readonly graph: string
  /** Where an application proves itself by its secret. */
  readonly tokenUrl: string | undefined
  /** The secret with the application that may regenerate keys and passwords. */
  readonly admin: string | undefined
  /** The secret with the key that signs what a webhook hears. */
  readonly key: string | undefined
}

export type Understood = {
  readonly provider: string
  readonly binding: Readonly<Record<string, unknown>>
  /** How long each version lives. */
  readonly validityDays: number
  /** How long before its end the next is made. */
  readonly leadSeconds: number
}
export type NotUnderstood = { readonly why: string }

const daySeconds = 86_400
/** What Azure's functions take where the tag is missing. */
const validityDaysDefault = 60
const validityDaysMax = 3650
/** So long before the end `SecretNearExpiry` is raised, on which those functions act. */
const leadDaysMax = 30

const guid = '[\\da-f]{8}(?:-[\\da-f]{4}){3}-[\\da-f]{12}'
const isGuid = new RegExp(`^${guid}$`, 'i')
const applicationPath = new RegExp(`^(.*)/applications/(${guid})$`, 'i')
const resourceId =
  /^\/subscriptions\/[\da-f-]{36}\/resourceGroups\/[\w.()-]{1,90}\/providers\/([A-Za-z.]{1,64})\/([A-Za-z]{1,64})\/[\w.-]{1,128}$/i

/** Why a kind of resource can't be bound by its id alone, and what to do instead. */
const others: Readonly<Record<string, string>> = {
  'microsoft.cache/redis': 'its keys are listed in another form; bind a user of it with --provider redis, or a webhook',
  'microsoft.cognitiveservices/accounts': 'its keys are listed in another form; bind a webhook',
  'microsoft.documentdb/databaseaccounts': 'its keys are listed in another form; bind a webhook',
  'microsoft.sql/servers': 'there is no provider for SQL Server; bind a webhook',
  'microsoft.dbforpostgresql/flexibleservers':
    'its id names neither host nor administrator; bind it with --provider postgres',
  'microsoft.dbformysql/flexibleservers': 'its id names neither host nor administrator; bind it with --provider mysql',
}

/** Whether a secret was made for a rotation function of Azure's. */
export const isTagged = (tags: Tags): boolean => tags.ProviderAddress !== undefined

/** The binding and the rhythm that a secret’s tags ask for, or why they can’t be had here. */
export function understood(tags: Tags, around: Surroundings): Understood | NotUnderstood {
  const validityDays = daysIn(tags.ValidityPeriodDays)
  if (validityDays === undefined) {
    return { why: `its ValidityPeriodDays must be a whole number of days from 1 to ${validityDaysMax}` }
  }
  const bound = boundAs(tags, around)
  if ('why' in bound) return bound
  // Never in the first half of its life: else what lives for a month would be replaced without end.
  const leadDays = Math.min(leadDaysMax, validityDays / 2)
  return { ...bound, validityDays, leadSeconds: leadDays * daySeconds }
}

function daysIn(text: string | undefined): number | undefined {
  if (text === undefined) return validityDaysDefault
  const days = /^\d{1,4}$/.test(text.trim()) ? Number(text) : 0
  return days >= 1 && days <= validityDaysMax ? days : undefined
}

type Bound = Pick<Understood, 'provider' | 'binding'> | NotUnderstood

function boundAs(tags: Tags, around: Surroundings): Bound {
  const { ProviderAddress: address = '', CredentialId: credential } = tags
  const resource = resourceId.exec(address)
  if (resource !== null) return keysOf(address, `${resource[1]}/${resource[2]}`, credential, around)
  const application = applicationPath.exec(address)
  if (application !== null) return passwordsOf(application[1] ?? '', application[2] ?? '', tags, around)
  if (/^https:\/\//i.test(address)) return webhookAt(address, credential, around)
  return { why: 'its ProviderAddress is neither the id of a resource, nor of an application, nor an https:// address' }
}

function keysOf(address: string, type: string, credential: string | undefined, around: Surroundings): Bound {
  if (type.toLowerCase() !== 'microsoft.storage/storageaccounts') {
    return { why: `${type}: ${others[type.toLowerCase()] ?? 'no provider knows it; bind a webhook'}` }
  }
  if (credential !== undefined && credential !== 'key1' && credential !== 'key2') {
    return { why: 'its CredentialId must be key1 or key2' }
  }
  if (around.admin === undefined)
    return { why: missing('--admin SECRET', 'the application that may regenerate its keys') }
  const account = `${around.management}${address}`
  return { provider: 'two-key', binding: { account, apiVersion: '2023-01-01', admin: around.admin } }
}

function passwordsOf(origin: string, application: string, tags: Tags, around: Surroundings): Bound {
  const graph = origin === '' ? around.graph : origin
  const url = URL.parse(graph)
  if (url?.protocol !== 'https:' && graph !== around.graph)
    return { why: 'its ProviderAddress must begin with https://' }
  if (url === null || url.search !== '' || url.username !== '') {
    return { why: 'its ProviderAddress must be the plain address of an application in Graph' }
  }
  if (tags.CredentialId !== undefined && !isGuid.test(tags.CredentialId)) {
    return { why: 'its CredentialId must be the key id of a password' }
  }
  if (tags.ClientId === undefined || !isGuid.test(tags.ClientId)) {
    return { why: 'give it a tag ClientId with the client id of the application, by which a new password is proven' }
  }
  if (around.admin === undefined) return { why: missing('--admin SECRET', 'the application that may change this one') }
  if (around.tokenUrl === undefined) return { why: 'say with --token-url URL where the application asks for tokens' }
  const binding = {
    graph,
    tokenUrl: around.tokenUrl,
    scope: `${url.origin}/.default`,
    admin: around.admin,
    application,
    clientId: tags.ClientId,
  }
  return { provider: 'app-registration', binding }
}

function webhookAt(address: string, target: string | undefined, around: Surroundings): Bound {
  const url = URL.parse(address)
  if (url === null || url.username !== '' || url.hash !== '') return { why: 'its ProviderAddress is no plain address' }
  // What stands in a query is often a key, and a binding is read by many.
  if (url.search !== '') return { why: 'its ProviderAddress has a query; give the function a key of its own, by --key' }
  if (target !== undefined && !/^[\w .:@/-]{1,256}$/.test(target)) {
    return { why: 'its CredentialId has signs that no name of a credential has' }
  }
  if (around.key === undefined) return { why: missing('--key SECRET', 'the key that signs what the function hears') }
  return {
    provider: 'webhook',
    binding: { url: url.href, key: around.key, ...(target !== undefined && { target }) },
  }
}

const missing = (option: string, what: string) => `say with ${option} which secret holds ${what}`
