import { asksForToken, managerOf } from '../../data/join.ts';
import { useModel } from '../../data/model.ts';
import { Banner } from '../../parts/banner.tsx';
import { Button } from '../../parts/button.tsx';
import { problemDetail, problemText } from '../../words/words.ts';

/** What stands in the way: a changed key, a join that did not come about. */
export function Warnings() {
  const model = useModel();
  const { changedKey, problem, app, peer } = model.state.value;
  const words = model.words.value;
  if (changedKey !== null)
    return (
      <Banner tone="bad" title={words.key.title} text={changedKey.name}>
        <Button size="small" onClick={() => (model.dialog.value = { kind: 'changedKey' })}>
          {words.common.details}
        </Button>
      </Banner>
    );
  // What the running peer has to say, and why the engine has failed, stands with the state below.
  if (problem === null || app === 'failed' || problem.message === peer?.trouble) return null;
  const text = problemText(words, problem);
  const manager = managerOf(problem, model.state.value);
  return (
    <Banner
      tone="warn"
      title={text}
      text={problemDetail(words, problem)}
      close={{ label: words.common.close, onClose: () => void model.act('dismiss', null) }}
    >
      {asksForToken(problem) && manager !== null && app === 'idle' ? (
        <Button size="small" onClick={() => (model.dialog.value = { kind: 'token', manager, refusal: null })}>
          {words.token.enter}
        </Button>
      ) : null}
    </Banner>
  );
}
