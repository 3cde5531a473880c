import { useModel } from '../../data/model.ts';
import { Cache } from './cache.tsx';
import { Cap } from './cap.tsx';
import { Conditions } from './conditions.tsx';
import { Hours } from './hours.tsx';

/** What this computer gives, and when. Everything takes effect at once. */
export function Limits() {
  const model = useModel();
  const { limits, tabs } = model.words.value;
  return (
    <>
      <h1 class="hidden">{tabs.limits}</h1>
      <Cap which="uploadCap" title={limits.upload} hint={limits.uploadHint} />
      <Cap which="downloadCap" title={limits.download} hint={limits.downloadHint} />
      <Cache />
      <Hours />
      <Conditions />
    </>
  );
}
