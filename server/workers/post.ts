import { askOutside, type Egress } from '#base/egress.ts'
import type { Heard } from '#core/subscriptions/subscription.ts'
import type { Parcel, Receiver } from './parcel.ts'

/** Posts what is to be delivered, and gives what came back. Redirects aren't followed. Throws `Unanswered`. */
export async function sendParcel({ url }: Receiver, parcel: Parcel, egress: Egress): Promise<Heard> {
  const { status, headers } = await askOutside(url, parcel, egress)
  const seconds = Number(headers['retry-after'])
  return { status, retryAfterMs: Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : undefined }
}
