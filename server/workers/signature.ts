import { createHmac } from 'node:crypto'
import type { Instant } from '#base/clock.ts'

/** How a receiver knows our messages, and repetitions of them (standardwebhooks.com: HMAC-SHA256 over id, timestamp and body). */
export function messageHeaders(key: string | undefined, id: string, at: Instant, body: string): Record<string, string> {
  const timestamp = String(Math.floor(at / 1000))
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    ...(key !== undefined && { 'webhook-signature': `v1,${signatureOf(key, `${id}.${timestamp}.${body}`)}` }),
  }
}

const signatureOf = (key: string, text: string): string => createHmac('sha256', key).update(text).digest('base64')
