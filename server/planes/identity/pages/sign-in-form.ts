import type { Call } from '../../plane.ts'
import { Refusal } from '../refusal.ts'
import { type Html, html } from './page.ts'

/** The fields in which a person says who they are. */
export const signInFields = (name: string): Html => html`<label for="username">User name</label>
<input id="username" name="username" value="${name}" autocomplete="username" autocapitalize="none" spellcheck="false" required maxlength="320">
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required maxlength="256">
<button name="go" value="yes">Sign in</button><button name="go" value="no" formnovalidate>Cancel</button>`

/** A form that another site sent is not this person's: browsers say where it comes from. */
export function refuseForeignForm({ headers }: Call): void {
  const site = headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin' && site !== 'none') {
    throw new Refusal(403, 'invalid_request', 900561, 'This form was sent from another site.')
  }
}
