/**
 * What is remembered of versions beyond the heads themselves (design, promise 2): a client that resumes with a bare Range must not
 * splice two versions, and the head alone does not say what that client had before.
 */
export interface RevisionMemory {
  /** This revision of the object is current from now on; durable before it returns to the event loop's next turn. */
  observe(object: string, revision: string): void;
  /** True where a bare Range of this client cannot splice two versions. */
  mayResume(object: string, revision: string, client: string): boolean;
  /** The client is given this revision. */
  given(object: string, revision: string, client: string): void;
}
