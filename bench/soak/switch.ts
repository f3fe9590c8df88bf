/** Something that another process turns on and off while clients look at it. */
export interface Switch {
  /** Turns it; until `work` has ended nobody knows how it is. */
  readonly turn: (isOn: boolean, work: () => Promise<void>) => Promise<void>;
  readonly isOn: () => boolean;
  /** Begins to look. The function it gives says how it was all the time since, or undefined when it was turned. */
  readonly look: () => () => boolean | undefined;
}

export function createSwitch(): Switch {
  let isOn = true;
  let turns = 0;
  let isTurning = false;
  return {
    isOn: () => isOn,
    async turn(to, work) {
      turns++;
      isTurning = true;
      await work();
      isOn = to;
      isTurning = false;
    },
    look() {
      const [before, wasTurning] = [turns, isTurning];
      return () => (wasTurning || turns !== before ? undefined : isOn);
    },
  };
}
