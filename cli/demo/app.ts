import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { load } from '@cardea/client'
import { livePool } from '@cardea/client/adapters/pg'
import { Pool } from 'pg'

/**
 * One instance of the demo's application, as anybody would write it: it takes orders and keeps them in a database. It
 * knows the name of a setting and nothing of vaults, versions or rotations. Started as a process of its own; the
 * environment says where its configuration is.
 */
const {
  AZURE_APPCONFIG_ENDPOINT: store = '',
  ORDERS_INSTANCE: instance = '',
  ORDERS_SETTING: setting = '',
} = process.env

const configuration = await load(store, {
  selectors: [{ keyFilter: setting }],
  report: { application: 'orders', instance },
})
const place = setting.endsWith(':Database') ? await inDatabase() : await atService()

const server = createServer(async (_, response) => {
  try {
    const told = JSON.stringify({ ...(await place()), at: Date.now() })
    response.writeHead(200, { 'content-type': 'application/json' }).end(told)
  } catch (error) {
    const { code, message } = error as { code?: string; message: string }
    response.writeHead(500, { 'content-type': 'application/json' }).end(JSON.stringify({ error: code ?? message }))
  }
})
server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }))

process.on('disconnect', () => process.exit())
process.on('SIGTERM', () => process.exit())
// Ctrl-C in a terminal reaches the whole family; the demo itself ends its children, after it has stopped asking them.
process.on('SIGINT', () => {})

/** A real order in a real table. The database itself says who is logged in. */
async function inDatabase() {
  const pool = await livePool(configuration, setting, (connectionString) => new Pool({ connectionString, max: 4 }))
  return async () => {
    const { version } = pool
    const { rows } = await pool.query('insert into orders (item) values ($1) returning id, session_user as login', [
      'tea',
    ])
    return { login: rows[0]?.login as string, version }
  }
}

/** The same at the built-in target, where no database is installed: it takes orders only with a valid credential. */
async function atService() {
  return async () => {
    const version = configuration.secretVersion(setting)
    const headers = { authorization: `Bearer ${configuration.get(setting)}` }
    const answer = await fetch(process.env.ORDERS_TARGET ?? '', { method: 'POST', headers })
    await answer.body?.cancel()
    if (answer.status !== 201) throw new Error(`the target answered ${answer.status}`)
    return { login: 'orders', version }
  }
}
