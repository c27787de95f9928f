import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { privateFolder, readPrivate, writeFirst, writePrivate } from '#base/private-files.ts'
import { type DeveloperKeys, newDeveloperKeys } from '#core/installation/installation.ts'
import { appServiceTokenPath, workloadHeader } from '#planes/identity/managed-identity.ts'

/**
 * What a developer's shell needs to reach this installation, kept in the data folder in files that only its owner may
 * read: `developer.json` (the developer's credentials, made once) and `running.json` (where the server listens now).
 */
export type Running = {
  readonly pid: number
  /** The address it listens on. */
  readonly host: string
  readonly port: number
  readonly proxyPort: number | undefined
  readonly domain: string
  readonly publicPort: number
  /** Our authority's certificate; undefined where another one's is listened with. */
  readonly caFile: string | undefined
  /** The same with all that this machine trusts otherwise, for clients that take one file for everything. */
  readonly bundleFile: string | undefined
  readonly identityHeader: string
}

const developerFile = (data: string): string => join(data, 'developer.json')
const runningFile = (data: string): string => join(data, 'running.json')

/** Makes the data folder, or takes it if it is ours: nothing in it may have been laid there by another. */
export function takeFolder(data: string): void {
  privateFolder(data, 'running.json')
  for (const file of [developerFile(data), runningFile(data)]) readPrivate(file)
}

/** The developer's keys; made and kept at the first call, so that they outlive a founding that was cut short. */
export function developerKeys(data: string): DeveloperKeys {
  const file = developerFile(data)
  if (!existsSync(file)) writeFirst(file, textOf(newDeveloperKeys()))
  return parsed<DeveloperKeys>(file, readPrivate(file) ?? '')
}

/** Writes down where a server listens, for commands and programs of this machine to find it. */
export const keepRunning = (data: string, running: Running): void => writePrivate(runningFile(data), textOf(running))

/** Where the server of this folder listens, or listened last; nothing if none ever did. */
export const runningIn = (data: string): Running | undefined => readJson<Running>(runningFile(data))

/** Nobody has started a server on this data folder, or its files are gone. */
export class NoInstallation extends Error {
  constructor(data: string) {
    super(
      existsSync(developerFile(data))
        ? `The Cardea in ${data} was never ready yet. Wait until its "cardea start" says so, or look at what it says.`
        : `There is no Cardea in ${data}. Start one with "cardea start --data ${data}", or name its folder with --data.`,
    )
    this.name = 'NoInstallation'
  }
}

/** What no program needs a proxy for. */
export const loopbackNames = ['127.0.0.1', 'localhost'] as const

/** The environment variables that official clients read, and ours. Flat; all values are text. */
export function environmentOf(data: string): Record<string, string> {
  const keys = readJson<DeveloperKeys>(developerFile(data))
  const running = runningIn(data)
  if (keys === undefined || running === undefined) throw new NoInstallation(data)
  const { domain, proxyPort, caFile, bundleFile = caFile, identityHeader } = running
  const port = running.publicPort === 443 ? '' : `:${running.publicPort}`
  const store = `https://demo.config.${domain}${port}`
  return {
    // The literal tenant `adfs` makes Azure's identity libraries skip instance discovery.
    AZURE_TENANT_ID: 'adfs',
    AZURE_CLIENT_ID: keys.appId,
    AZURE_CLIENT_SECRET: keys.password,
    AZURE_AUTHORITY_HOST: `https://login.${domain}${port}`,
    AZURE_KEYVAULT_URL: `https://demo.vault.${domain}${port}`,
    AZURE_APPCONFIG_ENDPOINT: store,
    AZURE_APPCONFIG_CONNECTION_STRING: `Endpoint=${store};Id=${keys.accessKey.id};Secret=${keys.accessKey.secret}`,
    // From here az takes its cloud, in the one shape that all its versions understand (an array, as of 2019-05-01).
    ARM_CLOUD_METADATA_URL: `https://management.${domain}${port}/metadata/endpoints?api-version=2019-05-01`,
    // Node adds the file to what it trusts; the others take it instead, and the shell's other programs want theirs too.
    ...(caFile !== undefined && { NODE_EXTRA_CA_CERTS: caFile }),
    ...(bundleFile !== undefined && { SSL_CERT_FILE: bundleFile, REQUESTS_CA_BUNDLE: bundleFile }),
    ...(proxyPort !== undefined && {
      HTTPS_PROXY: `http://127.0.0.1:${proxyPort}`,
      // Azure's JavaScript sends plain HTTP to HTTPS_PROXY too, and identities are only given to who asks for them directly.
      NO_PROXY: loopbackNames.join(','),
      AZURE_POD_IDENTITY_AUTHORITY_HOST: `http://127.0.0.1:${proxyPort}`,
      CARDEA_IDENTITY_ENDPOINT: `http://127.0.0.1:${proxyPort}${appServiceTokenPath}`,
      CARDEA_IDENTITY_HEADER: identityHeader,
    }),
    CARDEA_DATA: data,
    CARDEA_DOMAIN: domain,
    CARDEA_PORT: String(running.port),
    CARDEA_TENANT_ID: keys.tenant,
  }
}

/** What shows somebody as the developer, or as any identity of this machine. */
export const developersOwn = [
  'AZURE_CLIENT_ID',
  'AZURE_CLIENT_SECRET',
  'AZURE_APPCONFIG_CONNECTION_STRING',
  'AZURE_POD_IDENTITY_AUTHORITY_HOST',
  'CARDEA_IDENTITY_ENDPOINT',
  'CARDEA_IDENTITY_HEADER',
] as const

/** The same for the programs of one workload: with nothing of the developer's, and with the secret by which they are known as its. */
export function environmentOfWorkload(data: string, workload: string): Record<string, string> {
  const all = environmentOf(data)
  const { CARDEA_IDENTITY_ENDPOINT: endpoint, CARDEA_IDENTITY_HEADER: header } = all
  if (endpoint === undefined || header === undefined) {
    throw new Error('The server has no proxy port, so no program is given an identity. Set CARDEA_PROXY_PORT.')
  }
  const shared = Object.entries(all).filter(([name]) => !(developersOwn as readonly string[]).includes(name))
  return {
    ...Object.fromEntries(shared),
    IDENTITY_ENDPOINT: endpoint,
    IDENTITY_HEADER: workloadHeader(header, workload),
  }
}

function readJson<T>(file: string): T | undefined {
  return existsSync(file) ? parsed<T>(file, readFileSync(file, 'utf8')) : undefined
}

function parsed<T>(file: string, text: string): T {
  try {
    return JSON.parse(text) as T
  } catch (cause) {
    throw new Error(`${file} is damaged. Restore it from its copy, or start with another data folder.`, { cause })
  }
}

const textOf = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`
