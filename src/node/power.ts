/** What a driver last saw of a machine's power; `unknown` before its first look and when it cannot tell. */
export type PowerState = 'on' | 'off' | 'unknown';

/**
 * What a client may ask of a node's power.
 * `graceful-restart` is soft off and on; `cycle` is hard off and on.
 * @see IPMI 2.0 table 28-4 (chassis control); Redfish ResetType
 */
export type PowerAction = 'on' | 'off' | 'soft-off' | 'reset' | 'cycle' | 'graceful-restart' | 'nmi';

/** What to do with the node when power returns after the host lost it. @see IPMI 2.0 §28.8 */
export type RestorePolicy = 'always-off' | 'previous' | 'always-on';
