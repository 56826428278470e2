/** The newest frame of a live stream, as a run that has one frame. */

import type { Bodies, Timeline } from "./chunk.js";
import { Run } from "./run.js";
import type { Index, Source } from "./source.js";

const NO_SOURCE: Source = {
  index: () => Promise.reject(new Error("a live stream has no index")),
  part: () => Promise.reject(new Error("a live stream has no parts")),
  body: () => Promise.reject(new Error("a live stream has no body of its own")),
  video: () => Promise.reject(new Error("a live stream has no video")),
};

export class LiveRun extends Run {
  private newest: Bodies | undefined;

  constructor(index: Index) {
    super(NO_SOURCE, index);
  }

  show(timeline: Timeline, bodies: Bodies, width: number, height: number): void {
    this.timelines[0] = timeline;
    this.newest = bodies;
    this.index = { ...this.index, width, height, frames: 1 };
    this.version++;
    this.bodiesVersion++;
  }

  override bodiesOf(): Bodies | undefined {
    return this.newest;
  }
}
