/** Which node. */
export interface NodeName {
  readonly lab: string;
  readonly name: string;
}
