import { type TokenAsker, useModel } from '../../data/model.ts';
import { Button } from '../../parts/button.tsx';
import { JoinDialog } from './join-dialog.tsx';

export interface TokenDialogProps {
  readonly manager: TokenAsker;
  /** What the manager said of the one that was tried; null where none was. */
  readonly refusal: string | null;
  readonly onClose: () => void;
}

/** Asks for the token of a manager that wants one. */
export function TokenDialog({ manager, refusal, onClose }: TokenDialogProps) {
  const words = useModel().words.value;
  return (
    <JoinDialog
      title={words.manager.tokenNeeded(manager.name)}
      manager={manager}
      asks
      kept={false}
      refusal={refusal}
      onClose={onClose}
      out={<Button onClick={onClose}>{words.common.cancel}</Button>}
    />
  );
}
