import type { FastifyReply } from 'fastify'
import type { Answer } from '../plane.ts'

/**
 * Answers past the framework where the body is whole: its own way of sending takes each header one by one, which costs
 * an answered read a tenth of its time. What goes on, a stream, is the framework's to carry: it is given back for that.
 */
export function send(reply: FastifyReply, { status, headers, body }: Answer): FastifyReply | undefined {
  if (body !== undefined && typeof body !== 'string' && !Buffer.isBuffer(body)) {
    return reply.code(status).headers(headers).send(body)
  }
  reply.hijack()
  const bytes = body === undefined ? 0 : Buffer.byteLength(body)
  // 204 and 304 have no length (RFC 9110 8.6). The headers may be shared by many answers, so they are left as they are.
  const sized = status === 204 || status === 304 ? headers : { ...headers, 'content-length': String(bytes) }
  // A text of as many bytes as letters is ASCII, which needs no encoder.
  reply.raw.writeHead(status, sized).end(body, bytes === body?.length ? 'latin1' : 'utf8')
  return undefined
}
