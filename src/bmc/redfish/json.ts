/** A JSON value, as bodies of requests and responses are made of; `undefined` properties are left away. */
export type Json = string | number | boolean | null | readonly Json[] | JsonObject;

/** A JSON object. */
export interface JsonObject {
  readonly [name: string]: Json | undefined;
}
