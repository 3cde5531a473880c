import { asPotluckError, PotluckError } from '../base/errors.ts';
import { type Candidate, type JoinCollaborators, type Joined, type JoinRequest, join, RefusedError } from './join.ts';

/** What is the same for every candidate of a round. */
export interface Round {
  /** The key that was joined before: what is held was signed by it. */
  readonly fingerprint: string | undefined;
  /** Made anew for each try. */
  readonly request: () => Omit<JoinRequest, 'candidate'>;
}

/** One round through the candidates. Rejects with the most telling error of the round. */
export async function firstThatJoins(
  candidates: (signal: AbortSignal) => Promise<readonly Candidate[]>,
  { fingerprint, request }: Round,
  collaborators: JoinCollaborators,
  signal: AbortSignal,
): Promise<Joined> {
  let failure: PotluckError | undefined;
  for (const found of await candidates(signal)) {
    const candidate = fingerprint === undefined ? found : { ...found, fingerprint };
    try {
      return await join({ ...request(), candidate }, collaborators, signal);
    } catch (error) {
      if (signal.aborted) throw error;
      const known = asPotluckError(error);
      if (failure === undefined || isPassing(failure)) failure = known;
    }
  }
  throw failure ?? new PotluckError('POTLUCK_MANAGER_NOT_FOUND');
}

/** True for failures that may pass by themselves. */
export function isPassing(error: PotluckError): boolean {
  return error instanceof RefusedError ? error.retry : error.code === 'POTLUCK_MANAGER_UNREACHABLE';
}
