/** Two people beside each other, of one run or of two, whose times meet at a chosen frame. */

import type { Curve } from "./bands.js";
import type { Run } from "./run.js";
import type { Compared } from "./stage.js";

export interface Side {
  run: Run;
  id: number;
  /** The frame at which this side is aligned with the other. */
  aligned: number;
}

export class Comparison {
  constructor(
    readonly main: Run,
    readonly sides: [Side, Side],
  ) {}

  /** The frame of a side at a frame of the main run. */
  frame(side: Side, frame: number): number {
    const [first] = this.sides;
    const seconds = this.main.seconds(frame) - first.run.seconds(first.aligned);
    if (side.run === first.run) return clamp(frame + side.aligned - first.aligned, side.run);
    return clamp(side.run.frameAt(side.run.seconds(side.aligned) + seconds), side.run);
  }

  people(frame: number): Compared[] {
    return this.sides.map((side) => ({ moment: { run: side.run, frame: this.frame(side, frame) }, id: side.id }));
  }

  curves(): Curve[] {
    return this.sides.map((side) => ({ run: side.run, id: side.id, at: (frame: number) => this.frame(side, frame) }));
  }

  /** The second run, where the sides come from two. */
  get other(): Side | undefined {
    return this.sides[1].run === this.main ? undefined : this.sides[1];
  }
}

function clamp(frame: number, run: Run): number {
  return Math.max(0, Math.min(frame, run.frames - 1));
}
