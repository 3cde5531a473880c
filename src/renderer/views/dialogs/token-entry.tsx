import { useState } from 'preact/hooks';
import { useModel } from '../../data/model.ts';
import { Tick } from '../../parts/choice.tsx';
import { Entry } from '../../parts/entry.tsx';

export interface TokenEntryProps {
  readonly token: string;
  readonly onToken: (token: string) => void;
  readonly inFile: boolean;
  readonly onInFile: (inFile: boolean) => void;
  /** What the manager said of the last one. */
  readonly refusal: string | null;
  readonly autoFocus?: boolean;
}

/** The join token, hidden unless it is to be seen; and whether it may lie in a file where there is no safer place. */
export function TokenEntry({ token, onToken, inFile, onInFile, refusal, autoFocus = false }: TokenEntryProps) {
  const model = useModel();
  const { manager } = model.words.value;
  const { secrets } = model.state.value;
  const [seen, setSeen] = useState(false);
  return (
    <>
      <Entry
        label={manager.token}
        hint={manager.tokenHint}
        secret={!seen}
        monospace
        autoFocus={autoFocus}
        value={token}
        onInput={onToken}
        error={refusal === null ? null : `${manager.tokenWrong} (${refusal})`}
        aside={
          <button class="button" type="button" data-size="small" aria-pressed={seen} onClick={() => setSeen(!seen)}>
            {seen ? manager.hide : manager.show}
          </button>
        }
      />
      {secrets === 'session' ? (
        <>
          <Tick label={manager.tokenInFile} on={inFile} onChange={onInFile} />
          {inFile ? null : <p class="hint">{manager.tokenSession}</p>}
        </>
      ) : null}
    </>
  );
}
