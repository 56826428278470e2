/** Which frame is shown: the clock of a run. */

import type { Run } from "./run.js";

export const SPEEDS = [0.1, 0.25, 0.5, 1, 1.5, 2, 4, 8];

export class Player {
  playing = false;
  speed = 1;
  /** Go to the newest frame as it comes. */
  live = false;
  private seconds = 0;
  private current = 0;

  constructor(private readonly run: Run) {}

  get frame(): number {
    return this.current;
  }

  get last(): number {
    return Math.max(0, this.run.frames - 1);
  }

  seek(frame: number): void {
    this.current = Math.max(0, Math.min(Math.round(frame), this.last));
    this.seconds = this.run.seconds(this.current);
  }

  toggle(): void {
    this.live = false;
    if (!this.playing && this.current >= this.last) this.seek(0);
    this.playing = !this.playing;
  }

  step(frames: number): void {
    this.playing = false;
    this.live = false;
    this.seek(this.current + frames);
  }

  faster(steps: number): void {
    const at = SPEEDS.findIndex((speed) => speed >= this.speed);
    this.speed = SPEEDS[Math.max(0, Math.min(at + steps, SPEEDS.length - 1))]!;
  }

  /** Go on by so many seconds, or to the time of a video that plays. */
  advance(elapsed: number, video: number | undefined): void {
    if (this.live) this.seek(this.last);
    if (!this.playing) return;
    this.seconds = video ?? this.seconds + elapsed * this.speed;
    this.current = this.run.frameAt(this.seconds);
    if (this.current >= this.last) this.playing = false;
  }
}
