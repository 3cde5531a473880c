export interface SliderProps {
  readonly label: string;
  /** From 0 to `last`, in whole steps. */
  readonly position: number;
  readonly last: number;
  /** The position in words. */
  readonly text: string;
  readonly onMove: (position: number) => void;
}

export function Slider({ label, position, last, text, onMove }: SliderProps) {
  return (
    <div class="slider">
      <input
        type="range"
        min={0}
        max={last}
        step={1}
        value={position}
        aria-label={label}
        aria-valuetext={text}
        style={{ '--filled': String(last === 0 ? 0 : position / last) }}
        onInput={(event) => onMove(event.currentTarget.valueAsNumber)}
      />
    </div>
  );
}

export interface PresetsProps<Value> {
  readonly label: string;
  readonly presets: readonly { readonly value: Value; readonly label: string }[];
  readonly value: Value;
  readonly onChoose: (value: Value) => void;
}

/** Values that are one click away. */
export function Presets<Value>({ label, presets, value, onChoose }: PresetsProps<Value>) {
  return (
    <fieldset class="presets" aria-label={label}>
      {presets.map((preset) => (
        <button
          key={preset.label}
          type="button"
          class="chip"
          aria-pressed={preset.value === value}
          onClick={() => onChoose(preset.value)}
        >
          {preset.label}
        </button>
      ))}
    </fieldset>
  );
}
