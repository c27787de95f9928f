import { text } from './shape.ts'

/** What a GUID looks like (RFC 9562, 4), whatever the case of its letters. */
export const guidForm = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

export const guid = text({ pattern: guidForm, wanted: 'a GUID, as 00000000-0000-0000-0000-000000000000' })
