/** What the management and directory planes are about: the tenant and its subscription. */
export type Tenancy = { readonly tenant: string; readonly subscription: string }

/** The resource id that stands for the directory: role assignments at `/` reach it, those at a subscription never do. */
export const directoryResource = '/directory'
