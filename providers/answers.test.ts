import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { describe, it } from 'node:test'
import { connected as toMariadb } from './mariadb/connection.ts'
import { connected as toPostgres } from './postgres/connection.ts'

const pouredMax = 200 * 1024 * 1024

/** Somebody who greets as a database does, and answers a question without end. */
async function startTalker(greeting: Buffer | undefined, answers: (question: number) => Buffer, endless: Buffer) {
  let poured = 0
  const sockets = new Set<Socket>()
  const pour = (socket: Socket): void => {
    while (poured < pouredMax && !socket.destroyed) {
      poured += endless.length
      if (!socket.write(endless)) return void socket.once('drain', () => pour(socket))
    }
    socket.destroy()
  }
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    if (greeting !== undefined) socket.write(greeting)
    let questions = 0
    socket.on('data', () => {
      questions += 1
      socket.write(answers(questions))
      if (questions === 2) pour(socket)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    poured: () => poured,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

const text = 'x'.repeat(1_000)

/** A message of PostgreSQL's: its kind, its length with itself, and its body. */
function message(kind: string, body: Buffer): Buffer {
  const head = Buffer.alloc(5)
  head.write(kind)
  head.writeInt32BE(body.length + 4, 1)
  return Buffer.concat([head, body])
}
const ready = Buffer.concat([message('R', Buffer.alloc(4)), message('Z', Buffer.from('I'))])
const column = message(
  'T',
  Buffer.concat([Buffer.from([0, 1]), Buffer.from('x\0'), Buffer.from('000000000000000000190000ffffffff0000', 'hex')]),
)
const row = message('D', Buffer.concat([Buffer.from([0, 1, 0, 0, 3, 232]), Buffer.from(text)]))
const rows = Buffer.concat(Array.from({ length: 64 }, () => row))

/** A packet of MySQL's: its length in three bytes, its number, and itself. */
const packet = (number: number, body: Buffer): Buffer => {
  const head = Buffer.alloc(4)
  head.writeUIntLE(body.length, 0, 3)
  head[3] = number
  return Buffer.concat([head, body])
}

const greeting = packet(
  0,
  Buffer.concat([
    ...[Buffer.from([10]), Buffer.from('8.0.36\0'), Buffer.from([1, 0, 0, 0]), Buffer.from('01234567\0')],
    ...[Buffer.from([0x01, 0x82, 45, 2, 0, 0x08, 0x00, 21]), Buffer.alloc(10), Buffer.from('890123456789\0')],
    Buffer.from('mysql_native_password\0'),
  ]),
)
const done = Buffer.from([0, 0, 0, 2, 0, 0, 0])
/** One column of texts, and the end of columns. */
const columnOfMysql = Buffer.concat([
  packet(1, Buffer.from([1])),
  packet(
    2,
    Buffer.concat([
      ...[Buffer.from('\x03def\0\0\0\x01x\0'), Buffer.from([0x0c, 45, 0, 0, 4, 0, 0, 0xfd, 0, 0, 0, 0, 0])],
    ]),
  ),
  packet(3, Buffer.from([0xfe, 0, 0, 2, 0])),
])
/** As many as there are numbers of packets, so that they go on with the first. */
const rowsOfMysql = Buffer.concat(
  Array.from({ length: 256 }, (_, index) =>
    packet((index + 4) % 256, Buffer.concat([Buffer.from([0xfc, 232, 3]), Buffer.from(text)])),
  ),
)

describe('an answer without end', () => {
  const { signal } = new AbortController()
  it('of a PostgreSQL is cut off before it fills the memory', async () => {
    await using talker = await startTalker(undefined, (question) => (question === 1 ? ready : column), rows)
    const way = { host: '127.0.0.1', port: talker.port, user: 'u', password: 'p', database: 'd', sslMode: undefined }
    await assert.rejects(
      toPostgres(way, signal, (client) => client.query('select x')),
      /more than was asked for/,
    )
    assert.ok(talker.poured() > 0 && talker.poured() < pouredMax / 4, `${talker.poured()} bytes were taken`)
  })

  it('of a MySQL is cut off before it fills the memory', async () => {
    await using talker = await startTalker(
      greeting,
      (question) => (question === 1 ? packet(2, done) : columnOfMysql),
      rowsOfMysql,
    )
    const way = { host: '127.0.0.1', port: talker.port, user: 'u', password: 'p', tls: false }
    await assert.rejects(
      toMariadb(way, signal, (client) => client.query('select x')),
      /more than was asked for/,
    )
    assert.ok(talker.poured() > 0 && talker.poured() < pouredMax / 4, `${talker.poured()} bytes were taken`)
  })
})
