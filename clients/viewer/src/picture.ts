/** A run's video: the source or the overlay, kept at the frame that is shown. */

import type { Rectangle } from "./stage.js";
import type { Run } from "./run.js";

const MOST_DRIFT = 0.12;
const RATES = [0.0625, 16] as const;

export class Picture {
  readonly video = document.createElement("video");
  private ready = false;
  private wanted = -1;
  private number = 0;

  constructor(
    private readonly run: Run,
    parent: HTMLElement,
    private readonly changed: () => void,
  ) {
    this.video.muted = true;
    this.video.playsInline = true;
    this.video.preload = "auto";
    parent.prepend(this.video);
    this.video.addEventListener("loadeddata", () => {
      this.ready = true;
      this.wanted = -1;
      this.changed();
    });
    this.video.addEventListener("seeked", () => this.changed());
    // A codec that this browser does not know: the next video of the run, in the end none.
    this.video.addEventListener("error", () => void this.open(this.number + 1));
    void this.open(0);
  }

  /** Whether the people are drawn into the video itself. */
  get drawn(): boolean {
    return this.ready && this.run.index.videos[this.number]?.kind === "overlay";
  }

  get playable(): boolean {
    return this.ready;
  }

  /** Show another of the run's videos. */
  async next(): Promise<void> {
    if (this.run.index.videos.length > 1) await this.open((this.number + 1) % this.run.index.videos.length);
  }

  /** Try again where there was no video yet. */
  retry(): void {
    if (!this.ready && !this.video.src && this.run.index.videos.length) void this.open(0);
  }

  /** The time of the run at the picture that is shown, where the video plays by itself. */
  get seconds(): number | undefined {
    return this.ready && !this.video.paused && !this.video.ended ? this.video.currentTime + this.start : undefined;
  }

  /** The time of the run at the video's beginning: an overlay begins with the run, the source may begin before it. */
  private get start(): number {
    return this.run.index.videos[this.number]?.kind === "overlay" ? this.run.seconds(0) : 0;
  }

  private at(frame: number): number {
    return this.run.seconds(frame) - this.start;
  }

  sync(frame: number, playing: boolean, speed: number): void {
    if (!this.ready) return;
    const runs = playing && speed >= RATES[0] && speed <= RATES[1];
    if (!runs) {
      if (!this.video.paused) this.video.pause();
      this.seek(frame);
      return;
    }
    this.video.playbackRate = speed;
    if (this.video.paused && !this.video.ended) {
      this.wanted = -1;
      this.video.currentTime = this.at(frame);
      // Refused or interrupted: the clock goes on without it.
      this.video.play().catch(() => undefined);
    }
  }

  /** Bring a video that plays beside another one back to its frame. */
  keepTo(frame: number): void {
    if (this.ready && Math.abs(this.video.currentTime - this.at(frame)) > MOST_DRIFT) {
      this.video.currentTime = this.at(frame);
    }
  }

  /** Where the video's picture is within its element, in CSS pixels of the stage. */
  fitted(pane: Rectangle): Rectangle {
    const { width, height } = this.run.index;
    const scale = Math.min(pane.width / (width || 16), pane.height / (height || 9));
    const size = { width: (width || 16) * scale, height: (height || 9) * scale };
    return { left: pane.left + (pane.width - size.width) / 2, top: pane.top + (pane.height - size.height) / 2, ...size };
  }

  private seek(frame: number): void {
    if (frame === this.wanted || this.video.seeking) return;
    this.wanted = frame;
    // The middle of a frame's time: its beginning may be rounded into the frame before.
    this.video.currentTime = this.at(frame) + this.run.period(frame) / 2;
  }

  private async open(number: number): Promise<void> {
    const video = this.run.index.videos[number];
    this.ready = false;
    this.number = number;
    this.video.hidden = !video;
    if (!video) return this.changed();
    try {
      this.video.src = await this.run.source.video(video);
    } catch {
      await this.open(number + 1);
    }
  }
}
