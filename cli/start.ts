import { mkdtempSync, rmSync } from 'node:fs'
import { flushCompileCache } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Cardea } from '@cardea/server/main'
import { type Settings, settingsFrom, settingWords } from '@cardea/server/settings'
import { command, Misuse, Refusal } from './command.ts'
import { namesWanted } from './names.ts'
import { paintFor } from './print.ts'
import { isServed } from './running.ts'
import { shellWord } from './shell.ts'
import { dataFolder } from './way.ts'
import type { World } from './world.ts'

const settingWidth = Math.max(...Object.keys(settingWords).map(({ length }) => length))

export default command({
  name: 'start',
  says: 'Starts Cardea and serves until Ctrl-C.',
  more: [
    'Everything can also be set by the environment; an option wins over it:',
    ...Object.entries(settingWords).map(([name, says]) => `  ${name.padEnd(settingWidth)}  ${says}`),
  ].join('\n'),
  takes: {},
  options: {
    data: { type: 'string', value: 'DIR', says: 'where keys, certificates and the embedded database lie' },
    temporary: { type: 'boolean', says: 'keep nothing: a data folder that is removed at the end' },
    database: { type: 'string', value: 'URL', says: 'postgres://… instead of the embedded database' },
    host: { type: 'string', value: 'ADDRESS', says: 'the address to listen on' },
    port: { type: 'string', value: 'PORT', says: 'the TLS port; 0 takes a free one' },
    'proxy-port': {
      type: 'string',
      value: 'PORT',
      says: 'the CONNECT proxy on loopback; 0 takes a free one, off is none',
    },
    domain: { type: 'string', value: 'DOMAIN', says: 'the domain under which all hosts lie' },
    'public-port': { type: 'string', value: 'PORT', says: 'the port in the URLs that are written' },
    verbose: { type: 'boolean', says: 'log more than warnings' },
    json: { type: 'boolean', says: 'one JSON line when it is ready' },
  },
  examples: ['cardea start', 'cardea start --data /var/lib/cardea --port 0 --json', 'cardea start --temporary'],
  async run(given, world) {
    if (given.temporary && given.data !== undefined)
      throw new Misuse('--temporary makes a data folder of its own; leave --data out.')
    if (given.database !== undefined && URL.parse(given.database)?.password) {
      world.tell('The password in --database shows in every process list; CARDEA_DATABASE_FILE is the safe way.')
    }
    const stop = world.stopping()
    const folder = given.temporary ? mkdtempSync(join(tmpdir(), 'cardea-')) : dataFolder(given.data, world)
    // However the process comes to its end, short of being killed.
    if (given.temporary) process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
    const settings = settingsFrom(environmentWith({ ...given, data: folder }, world))
    if (settings.database === undefined && (await isServed(folder))) {
      throw new Refusal(
        'in-use',
        `A Cardea already serves ${folder}.`,
        'Stop it first, or start another one with --data DIR.',
      )
    }
    // The house is heavy, and all other commands do without it.
    const { start } = await import('@cardea/server/main')
    const { createPlainLog } = await import('@cardea/server/base/plain-log')
    const { readyHeap } = await import('@cardea/server/base/heap')
    // At a terminal the log is for whoever looks at it; a service's is for programs.
    const readable = world.terminal.out && !given.json
    const around = readable ? { log: createPlainLog(settings.logLevel, world.tell) } : {}
    await readyHeap()
    const cardea = await start(settings, around).catch((error) => {
      throw explained(error)
    })
    if (!stop.aborted) {
      flushCompileCache()
      greet(cardea, settings, { json: given.json, temporary: given.temporary }, world)
      await new Promise((resolve) => stop.addEventListener('abort', resolve, { once: true }))
    }
    if (!given.json && world.terminal.out) world.print('\nStopping. Ctrl-C again ends it at once.')
    await cardea.close()
    return 0
  },
})

const settingOf = {
  data: 'CARDEA_DATA',
  database: 'CARDEA_DATABASE',
  host: 'CARDEA_HOST',
  port: 'CARDEA_PORT',
  'proxy-port': 'CARDEA_PROXY_PORT',
  domain: 'CARDEA_DOMAIN',
  'public-port': 'CARDEA_PUBLIC_PORT',
} as const
type Said = { readonly [K in keyof typeof settingOf]: string | undefined } & { readonly verbose: boolean }

/** The environment, and over it what the options say. */
function environmentWith(given: Said, { env }: World): Record<string, string | undefined> {
  const said = Object.entries(settingOf).flatMap(([option, name]) => {
    const value = given[option as keyof typeof settingOf]
    return value === undefined ? [] : [[name, value] as const]
  })
  return {
    // So that what is printed for people stays readable; the log of a service says more.
    CARDEA_LOG_LEVEL: 'warn',
    ...env,
    ...(given.verbose && { CARDEA_LOG_LEVEL: 'info' }),
    // A URL by option wins over one by file.
    ...(given.database !== undefined && { CARDEA_DATABASE_FILE: undefined }),
    ...Object.fromEntries(said),
  }
}

function greet(
  { port, proxyPort }: Cardea,
  { data, database, domain, listen, publicPort }: Settings,
  { json, temporary }: { json: boolean; temporary: boolean },
  { print, terminal, env }: World,
): void {
  const public_ = publicPort === 443 ? '' : `:${publicPort}`
  const vault = `https://demo.vault.${domain}${public_}`
  const store = `https://demo.config.${domain}${public_}`
  if (json) {
    print(JSON.stringify({ ready: true, port, proxyPort: proxyPort ?? null, data, vault, store, pid: process.pid }))
    return
  }
  const paint = paintFor(terminal)
  // What a new shell in this folder finds by itself needs no option.
  const elsewhere = data === dataFolder(undefined, { env } as World) ? '' : ` --data ${shellWord(data)}`
  const kept = temporary
    ? 'nothing is kept: the folder goes at the end'
    : database === undefined
      ? ''
      : 'with PostgreSQL'
  const proxy = proxyPort === undefined ? 'no proxy' : `proxy ${proxyPort}`
  const lines = [
    `${paint.good('Cardea is ready.')}`,
    '',
    `  vault    ${paint.name(vault)}`,
    `  store    ${paint.name(store)}`,
    `  data     ${data}${kept === '' ? '' : `  (${kept})`}`,
    `  ports    TLS ${port}, ${proxy}`,
    '',
    `In another shell:`,
    '',
    `  printf s3cret | npx cardea secret set my-secret${elsewhere}`,
    `  npx cardea secret show my-secret${elsewhere}`,
    '',
    ...(proxyPort === undefined ? [namesWanted({ domain, host: listen.host, port, publicPort }), ''] : []),
    'Programs reach it with Azure’s own SDKs, no option set:',
    '',
    `  eval "$(npx cardea env${elsewhere})"`,
    '  new SecretClient(process.env.AZURE_KEYVAULT_URL, new DefaultAzureCredential())',
    '',
    'A database password that rotates under load while the application follows:',
    '',
    '  npm run demo',
    '',
    paint.dim('Ctrl-C stops it. All commands: npx cardea help'),
  ]
  for (const line of lines) print(line)
}

/** What often keeps a server from starting, in words that say what to do. */
function explained(error: unknown): unknown {
  const { code, port, address } = error as NodeJS.ErrnoException & { port?: number; address?: string }
  if (code === 'EADDRINUSE') {
    return new Refusal(
      'port-in-use',
      `Port ${port} of ${address} is in use.`,
      'Take others with --port and --proxy-port (0 takes a free one), or stop what listens there.',
    )
  }
  if (code === 'EACCES' && port !== undefined) {
    return new Refusal(
      'port-refused',
      `Port ${port} may not be listened on by this user.`,
      'Choose one above 1023 with --port.',
    )
  }
  if (code === 'EADDRNOTAVAIL')
    return new Refusal('address', `${address} is no address of this machine.`, 'Give another one with --host.')
  return error
}
