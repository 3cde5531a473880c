import { describe, expect, it } from 'vitest';
import type { ConditionState } from '../../../../src/engine/protocol/desktop.ts';
import { Question } from '../../../../src/main/desktop/conditions/question.ts';

/** A question whose answers are given by hand. */
function ask() {
  const asked: PromiseWithResolvers<ConditionState>[] = [];
  const answers: ConditionState[] = [];
  const question = new Question(
    () => {
      const answer = Promise.withResolvers<ConditionState>();
      asked.push(answer);
      return answer.promise;
    },
    (state) => answers.push(state),
  );
  return { question, asked, answers };
}

describe('a question that is dropped while it is being answered', () => {
  it('is put again where it is wanted again: the machine slept meanwhile', async () => {
    const { question, asked, answers } = ask();
    question.put('office', 0);
    question.drop();
    question.put('office', 60_000);
    const known = question.known;
    asked[0]?.resolve('yes');
    await new Promise(setImmediate);
    expect(answers).toEqual([]);
    asked[1]?.resolve('no');
    await known;
    expect(answers).toEqual(['no']);
  });

  it('is not where nobody wants to know any more', async () => {
    const { question, asked, answers } = ask();
    question.put('office', 0);
    question.drop();
    asked[0]?.resolve('yes');
    await new Promise(setImmediate);
    expect([asked.length, answers]).toEqual([1, []]);
  });
});
