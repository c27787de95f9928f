import type { Answer, Call } from '../plane.ts'
import { attestedRefusal } from './attested.ts'
import { html, pageAnswer } from './pages/page.ts'
import { refusalOf } from './refusal.ts'
import type { IdentityServices } from './services.ts'

/** What can't be told to an application is told to the person, and to the journal. */
export async function orPage(
  services: IdentityServices,
  call: Call,
  operation: 'SignIn' | 'SignOut',
  answer: () => Promise<Answer>,
): Promise<Answer> {
  try {
    return await answer()
  } catch (error) {
    const refusal = refusalOf(error)
    if (refusal.status < 500) await attestedRefusal(services, call, operation, refusal)
    const { status, message, number, retrySeconds } = refusal
    const body = html`<p role="alert">${message}</p>
<p>Close this page, and begin again in the program that brought you here.</p>
<p><small>AADSTS${String(number)}</small></p>`
    return pageAnswer({ status, title: 'This sign-in can’t go on', body, retrySeconds })
  }
}
