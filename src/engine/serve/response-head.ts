/** The head of a response, sent once the first bytes of its body are at hand: until then, an error still gets a status of its own. */
export interface ResponseHead {
  readonly status: number;
  readonly fields: readonly string[];
  /** The same list is sent again and again, unchanged: what was made of it may be kept here by the fast path. */
  readonly lasting?: { made: unknown };
}
