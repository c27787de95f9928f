import { once } from 'node:events'
import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { refuseForbidden, targetLookup } from '../targets.ts'

/** The answer of Redis to one command (RESP2): the protocol is small enough to speak it here. */
export type Reply = string | number | null | readonly Reply[] | RespError
/** What Redis says no with. Its first word is a code, `WRONGPASS` for one. */
export class RespError extends Error {
  override name = 'RespError'
}
export type Ask = (...words: readonly string[]) => Promise<Reply>
export type Way = { readonly host: string; readonly port: number; readonly tls: boolean }

const workMsMax = 8_000
const replyBytesMax = 1024 * 1024

/** A fresh connection for one piece of work. It is cut off when the signal aborts, and nothing is sent afterwards. */
export async function connected<T>(way: Way, signal: AbortSignal, work: (ask: Ask) => Promise<T>): Promise<T> {
  signal.throwIfAborted()
  const cut = AbortSignal.any([signal, AbortSignal.timeout(workMsMax)])
  const { host, port } = way
  refuseForbidden(host)
  const to = { host, port, lookup: targetLookup }
  const socket = way.tls ? connectTls({ ...to, ...(isIP(host) === 0 && { servername: host }) }) : connectTcp(to)
  const stop = () => socket.destroy(cut.reason)
  cut.addEventListener('abort', stop, { once: true })
  try {
    await once(socket, way.tls ? 'secureConnect' : 'connect')
    return await work(asker(socket))
  } catch (error) {
    if (cut.aborted) throw cut.reason
    throw error
  } finally {
    cut.removeEventListener('abort', stop)
    socket.destroy()
  }
}

/** Asks one thing after the other, and refuses an error that Redis answers by throwing it. */
function asker(socket: Socket): Ask {
  let heard = Buffer.alloc(0)
  let waiting: { resolve(reply: Reply): void; reject(error: Error): void } | undefined
  const fail = (error: Error) => {
    waiting?.reject(error)
    waiting = undefined
  }
  socket.on('error', fail)
  socket.on('close', () => fail(new Error('Redis closed the connection')))
  socket.on('data', (part: Buffer) => {
    heard = Buffer.concat([heard, part])
    if (heard.length > replyBytesMax) return socket.destroy(new Error('Redis answered more than was asked for'))
    try {
      const read = replyIn(heard, 0)
      if (read === undefined || waiting === undefined) return
      heard = heard.subarray(read.end)
      const { resolve, reject } = waiting
      waiting = undefined
      if (read.reply instanceof RespError) reject(read.reply)
      else resolve(read.reply)
    } catch (error) {
      socket.destroy(error as Error)
    }
  })
  return (...words) =>
    new Promise((resolve, reject) => {
      if (socket.destroyed) return reject(new Error('The connection to Redis has ended'))
      waiting = { resolve, reject }
      socket.write(
        words.reduce((sent, word) => `${sent}$${Buffer.byteLength(word)}\r\n${word}\r\n`, `*${words.length}\r\n`),
      )
    })
}

/** The reply that begins at an offset, and where it ends; undefined while it isn't whole. */
function replyIn(bytes: Buffer, at: number): { reply: Reply; end: number } | undefined {
  const line = bytes.indexOf('\r\n', at)
  if (line < 0) return undefined
  const [kind, text] = [String.fromCharCode(bytes[at] ?? 0), bytes.toString('utf8', at + 1, line)]
  const end = line + 2
  const size = Number(text)
  switch (kind) {
    case '+':
      return { reply: text, end }
    case '-':
      return { reply: new RespError(text), end }
    case ':':
      return { reply: size, end }
    case '$':
      if (size < 0) return { reply: null, end }
      return bytes.length < end + size + 2
        ? undefined
        : { reply: bytes.toString('utf8', end, end + size), end: end + size + 2 }
    case '*': {
      const items: Reply[] = []
      let next = end
      for (let left = size; left > 0; left -= 1) {
        const item = replyIn(bytes, next)
        if (item === undefined) return undefined
        items.push(item.reply)
        next = item.end
      }
      return { reply: items, end: next }
    }
    default:
      throw new Error('What answers is not Redis')
  }
}
