import { asPotluckError, PotluckError } from '../base/errors.ts';
import { type Candidate, type JoinCollaborators, type Joined, type JoinRequest, join, RefusedError } from './join.ts';
import type { Whereabouts } from './whereabouts.ts';

/** What is the same for every candidate of a round. */
export interface Round {
  /** The key that was joined before: what is held was signed by it. */
  readonly fingerprint: string | undefined;
  /** Made anew for each try. */
  readonly request: () => Omit<JoinRequest, 'candidate'>;
}

/** One round through the candidates, and then wherever else the manager may be. Rejects with the most telling error of the candidates. */
export async function firstThatJoins(
  whereabouts: Pick<Whereabouts, 'candidates' | 'elsewhere'>,
  round: Round,
  collaborators: JoinCollaborators,
  signal: AbortSignal,
): Promise<Joined> {
  const known = await firstOf(await whereabouts.candidates(signal), round, collaborators, signal);
  if (!(known instanceof PotluckError)) return known;
  // What somebody says who was found by an announcement tells nothing of the manager before it has proven its key.
  const other = await firstOf(await whereabouts.elsewhere(known, signal), round, collaborators, signal);
  if (other instanceof PotluckError) throw known;
  return other;
}

async function firstOf(
  candidates: readonly Candidate[],
  { fingerprint, request }: Round,
  collaborators: JoinCollaborators,
  signal: AbortSignal,
): Promise<Joined | PotluckError> {
  let failure: PotluckError | undefined;
  for (const found of candidates) {
    const candidate = fingerprint === undefined ? found : { ...found, fingerprint };
    try {
      return await join({ ...request(), candidate }, collaborators, signal);
    } catch (error) {
      if (signal.aborted) throw error;
      const known = asPotluckError(error);
      if (failure === undefined || isPassing(failure)) failure = known;
    }
  }
  return failure ?? new PotluckError('POTLUCK_MANAGER_NOT_FOUND');
}

/** True for failures that may pass by themselves. */
export function isPassing(error: PotluckError): boolean {
  return error instanceof RefusedError ? error.retry : error.code === 'POTLUCK_MANAGER_UNREACHABLE';
}
