import type { CertificateContentType, CertificateKeyType, KeyUsage, LifetimeActionType } from './certificates.ts'
import type { Deleted, ObjectAttributes } from './objects.ts'

/** What is answered of certificates, of their policies and of what is under way for them, in the service's own names. */

/** A policy as it stands: it says everything. */
export type CertificatePolicy = {
  id: string
  key_props: {
    exportable: boolean
    kty: CertificateKeyType
    key_size?: number | undefined
    reuse_key: boolean
    crv?: string | undefined
  }
  secret_props: { contentType: CertificateContentType }
  x509_props: {
    subject: string
    sans?:
      | {
          emails?: readonly string[] | undefined
          dns_names?: readonly string[] | undefined
          upns?: readonly string[] | undefined
          uris?: readonly string[] | undefined
          ipAddresses?: readonly string[] | undefined
        }
      | undefined
    ekus: readonly string[]
    key_usage: readonly KeyUsage[]
    validity_months: number
    basic_constraints: { ca: boolean }
  }
  lifetime_actions: {
    trigger: { lifetime_percentage?: number | undefined; days_before_expiry?: number | undefined }
    action: { action_type: LifetimeActionType }
  }[]
  issuer: { name: string; cty?: string | undefined; cert_transparency?: boolean | undefined }
  attributes: { enabled: boolean; created: number; updated: number }
}
/** A member that is undefined isn't there: before the first version is whole, there is neither key nor secret nor certificate. */
export type CertificateBundle = {
  id: string
  kid?: string | undefined
  sid?: string | undefined
  x5t?: string | undefined
  cer?: string | undefined
  attributes: ObjectAttributes
  tags?: Readonly<Record<string, string>> | undefined
  policy?: CertificatePolicy | undefined
  pending?: { id: string } | undefined
  preserveCertOrder?: boolean | undefined
}
export type CertificateItem = {
  id: string
  x5t?: string | undefined
  attributes: Omit<ObjectAttributes, 'recoveryLevel'> & { recoveryLevel?: string | undefined }
  tags?: Readonly<Record<string, string>> | undefined
}
export type DeletedCertificateBundle = Deleted & CertificateBundle
export type DeletedCertificateItem = Deleted & CertificateItem
export type CertificateOperation = {
  id: string
  issuer: { name: string; cty?: string | undefined; cert_transparency?: boolean | undefined }
  csr: string
  cancellation_requested: boolean
  status: 'inProgress' | 'completed' | 'cancelled' | 'failed'
  status_details?: string | undefined
  error?: { code: string; message: string } | undefined
  target?: string | undefined
  preserveCertOrder?: boolean | undefined
  request_id: string
}
