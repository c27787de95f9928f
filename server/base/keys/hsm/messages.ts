import type { FaultCode, Particulars } from '../../fault.ts'

/** What the server and the process that has the module say to each other. */
export type Request = { readonly act: string; readonly asked: unknown }
export type Reply =
  | { readonly answer: unknown }
  | { readonly fault: { readonly code: FaultCode; readonly message: string; readonly particulars: Particulars } }
  /** The session or the device is gone, and with it what was asked. */
  | { readonly lost: string }
  | { readonly failed: string }
