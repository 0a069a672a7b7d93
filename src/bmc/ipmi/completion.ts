/** Completion codes. @see IPMI 2.0 table 5-2 */
export const CompletionCode = {
  ok: 0x00,
  /** Command-specific: parameter not supported (boot options, LAN and SOL configuration). */
  parameterNotSupported: 0x80,
  /** Command-specific: set in progress is already so. */
  setInProgress: 0x81,
  /** Command-specific: parameter is read-only. */
  readOnly: 0x82,
  nodeBusy: 0xc0,
  invalidCommand: 0xc1,
  invalidForLun: 0xc2,
  timeout: 0xc3,
  outOfSpace: 0xc4,
  reservationInvalid: 0xc5,
  truncated: 0xc6,
  lengthInvalid: 0xc7,
  lengthLimitExceeded: 0xc8,
  parameterOutOfRange: 0xc9,
  cannotReturnThatMany: 0xca,
  notPresent: 0xcb,
  invalidField: 0xcc,
  illegalForSensor: 0xcd,
  noResponse: 0xce,
  duplicate: 0xcf,
  sdrUpdating: 0xd0,
  firmwareUpdating: 0xd1,
  initializing: 0xd2,
  destinationUnavailable: 0xd3,
  insufficientPrivilege: 0xd4,
  notInThisState: 0xd5,
  subFunctionDisabled: 0xd6,
  unspecified: 0xff,
} as const;

/** A completion code: one of {@link CompletionCode} or a command's own, 0x80 to 0xbe. */
export type CompletionCode = number;
