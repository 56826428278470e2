/** The scrubber: a band for each person, and curves of the chosen person's joint angles under them. */

import { ANGLES } from "./chunk.js";
import { css } from "./marks.js";
import { Kind, type Run, type Track } from "./run.js";

const BAND = 14;
const RULER = 20;
const CURVES = 120;
const CURVE_COLORS = ["#60a5fa", "#2563eb", "#fbbf24", "#d97706", "#f472b6", "#34d399", "#059669"];
const SHORTEST = 10;

/** A person whose angles are drawn, and the frame of their run at a frame of the scrubber. */
export interface Curve {
  run: Run;
  id: number;
  at: (frame: number) => number;
}

export class Bands {
  readonly shownAngles = new Set<number>([0, 1]);
  /** The frames that are shown, from and up to. */
  private from = 0;
  private until = 0;
  private follows = true;
  private drawn = "";
  private scroll = 0;

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly run: Run,
    private readonly seek: (frame: number) => void,
    private readonly choose: (id: number) => void,
    private readonly redraw: () => void,
  ) {
    canvas.addEventListener("pointerdown", (event) => this.down(event));
    canvas.addEventListener("pointermove", (event) => this.move(event));
    canvas.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
  }

  get height(): number {
    return RULER + this.visibleBands * BAND + CURVES + 6;
  }

  get range(): [number, number] {
    return [this.from, this.until];
  }

  zoom(factor: number, around: number): void {
    const length = Math.max(SHORTEST, Math.min((this.until - this.from) * factor, this.run.frames));
    const share = (around - this.from) / Math.max(this.until - this.from, 1);
    this.from = Math.max(0, Math.min(around - share * length, this.run.frames - length));
    this.until = this.from + length;
    this.follows = length >= this.run.frames;
  }

  draw(frame: number, chosen: number | undefined, curves: readonly Curve[]): void {
    if (this.follows) [this.from, this.until] = [0, Math.max(this.run.frames, SHORTEST)];
    else if (frame < this.from || frame > this.until) this.shift(frame - (this.from + this.until) / 2);
    const ratio = Math.min(devicePixelRatio, 2);
    const width = this.canvas.clientWidth;
    this.canvas.style.height = `${this.height}px`;
    const state = [
      frame, chosen, this.run.version, this.from, this.until, width, this.scroll, ratio,
      ...this.shownAngles, ...curves.flatMap((one) => [one.id, one.at(0), one.at(this.run.frames), one.run.version]),
    ].join();
    if (state === this.drawn || !width) return;
    this.drawn = state;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(this.height * ratio);
    const context = this.canvas.getContext("2d")!;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.font = "11px system-ui, sans-serif";
    this.drawRuler(context);
    this.shownTracks().forEach((track, row) => this.drawBand(context, track, RULER + row * BAND, track.id === chosen));
    this.drawCurves(context, curves, frame);
    context.fillStyle = "#f8fafc";
    context.fillRect(this.x(frame + 0.5) - 0.75, 0, 1.5, this.height);
  }

  private get visibleBands(): number {
    return Math.min(this.run.tracks.size, innerHeight < 700 ? 6 : 10);
  }

  private shownTracks(): Track[] {
    const tracks = [...this.run.tracks.values()].sort((a, b) => a.id - b.id);
    this.scroll = Math.max(0, Math.min(this.scroll, tracks.length - this.visibleBands));
    return tracks.slice(this.scroll, this.scroll + this.visibleBands);
  }

  private x(frame: number): number {
    return ((frame - this.from) / Math.max(this.until - this.from, 1)) * this.canvas.clientWidth;
  }

  private frameAt(x: number): number {
    const frame = this.from + (x / Math.max(this.canvas.clientWidth, 1)) * (this.until - this.from);
    return Math.max(0, Math.min(Math.floor(frame), this.run.frames - 1));
  }

  private drawRuler(context: CanvasRenderingContext2D): void {
    const [start, end] = [this.run.seconds(this.frameAt(0)), this.run.seconds(this.frameAt(this.canvas.clientWidth))];
    const step = niceStep((end - start) / Math.max(2, this.canvas.clientWidth / 90));
    context.fillStyle = "#94a3b8";
    for (let second = Math.ceil(start / step) * step; second <= end; second += step) {
      const x = this.x(this.run.frameAt(second) + 0.5);
      context.fillRect(x, RULER - 5, 1, 5);
      context.fillText(clock(second), x + 3, RULER - 7);
    }
  }

  private drawBand(context: CanvasRenderingContext2D, track: Track, top: number, chosen: boolean): void {
    if (chosen) {
      context.fillStyle = "rgba(248, 250, 252, 0.12)";
      context.fillRect(0, top, this.canvas.clientWidth, BAND);
    }
    for (const { start, end, kind } of track.segments) {
      if (end < this.from || start > this.until) continue;
      const left = this.x(start);
      const width = Math.max(this.x(end) - left, 0.75);
      drawKind(context, kind, track.color, left, top + 2, width, BAND - 4);
    }
    context.fillStyle = "#e2e8f0";
    context.fillText(`${track.id}`, 3, top + BAND - 3);
  }

  private drawCurves(context: CanvasRenderingContext2D, curves: readonly Curve[], frame: number): void {
    const top = RULER + this.visibleBands * BAND + 4;
    const y = (degrees: number): number => top + CURVES - (degrees / 180) * CURVES;
    context.fillStyle = "rgba(148, 163, 184, 0.08)";
    context.fillRect(0, top, this.canvas.clientWidth, CURVES);
    context.fillStyle = "#64748b";
    for (const degrees of [0, 90, 180]) {
      context.fillRect(0, y(degrees), this.canvas.clientWidth, 0.5);
      context.fillText(`${degrees}°`, 3, y(degrees) + (degrees ? 11 : -3));
    }
    for (const [number, curve] of curves.entries()) {
      for (const angle of this.shownAngles) if (angle < ANGLES) this.drawCurve(context, curve, angle, y, number > 0);
    }
    this.drawValues(context, curves, frame, top);
  }

  private drawCurve(
    context: CanvasRenderingContext2D, curve: Curve, angle: number, y: (degrees: number) => number, second: boolean,
  ): void {
    context.strokeStyle = CURVE_COLORS[angle]!;
    context.lineWidth = second ? 1 : 1.6;
    context.setLineDash(second ? [4, 3] : []);
    context.beginPath();
    // No more points than there are pixels.
    const step = Math.max(1, Math.floor((this.until - this.from) / this.canvas.clientWidth));
    let open = false;
    for (let frame = Math.floor(this.from); frame < this.until; frame += step) {
      const degrees = curve.run.angle(curve.at(frame), curve.id, angle);
      if (Number.isNaN(degrees)) {
        open = false;
        continue;
      }
      if (open) context.lineTo(this.x(frame + 0.5), y(degrees));
      else context.moveTo(this.x(frame + 0.5), y(degrees));
      open = true;
    }
    context.stroke();
    context.setLineDash([]);
  }

  private drawValues(context: CanvasRenderingContext2D, curves: readonly Curve[], frame: number, top: number): void {
    const [curve] = curves;
    if (!curve) return;
    let x = 36;
    context.fillStyle = "rgba(15, 17, 21, 0.7)";
    if (this.shownAngles.size) context.fillRect(x - 6, top, 96 * this.shownAngles.size, 17);
    for (const angle of this.shownAngles) {
      const degrees = curve.run.angle(curve.at(frame), curve.id, angle);
      const shown = Number.isNaN(degrees) ? "–" : `${degrees.toFixed(0)}°`;
      const text = `${angleName(curve.run.index.angles[angle]!)} ${shown}`;
      context.fillStyle = CURVE_COLORS[angle]!;
      context.fillText(text, x, top + 12);
      x += context.measureText(text).width + 12;
    }
  }

  private shift(frames: number): void {
    const length = this.until - this.from;
    this.from = Math.max(0, Math.min(this.from + frames, this.run.frames - length));
    this.until = this.from + length;
  }

  private down(event: PointerEvent): void {
    this.canvas.setPointerCapture(event.pointerId);
    const row = Math.floor((event.offsetY - RULER) / BAND);
    const track = row >= 0 ? this.shownTracks()[row] : undefined;
    if (track) this.choose(track.id);
    this.seek(this.frameAt(event.offsetX));
  }

  private move(event: PointerEvent): void {
    if (event.buttons & 1) this.seek(this.frameAt(event.offsetX));
  }

  private wheel(event: WheelEvent): void {
    event.preventDefault();
    const overBands = event.offsetY > RULER && event.offsetY < RULER + this.visibleBands * BAND;
    if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      this.shift(((event.deltaX || event.deltaY) / Math.max(this.canvas.clientWidth, 1)) * (this.until - this.from));
      this.follows = false;
    } else if (overBands && this.run.tracks.size > this.visibleBands && !event.ctrlKey) {
      this.scroll += Math.sign(event.deltaY);
    } else {
      this.zoom(event.deltaY > 0 ? 1.25 : 0.8, this.frameAt(event.offsetX));
    }
    this.redraw();
  }
}

/** Draw a piece of a band: full where seen, striped by a second look, half where in doubt, hollow where predicted. */
export function drawKind(
  context: CanvasRenderingContext2D, kind: Kind, color: number, x: number, y: number, width: number, height: number,
): void {
  context.fillStyle = css(color);
  if (kind === Kind.Seen) context.fillRect(x, y, width, height);
  if (kind === Kind.SecondLook) {
    context.fillStyle = css(color, 0.45);
    context.fillRect(x, y, width, height);
    context.fillStyle = css(color);
    for (let left = Math.ceil(x / 4) * 4; left < x + width; left += 4) context.fillRect(left, y, 2, height);
  }
  if (kind === Kind.Doubtful || kind === Kind.Unusable) {
    context.fillStyle = css(color, kind === Kind.Doubtful ? 0.65 : 0.3);
    context.fillRect(x, y + height / 2, width, height / 2);
  }
  if (kind === Kind.Predicted) {
    context.fillRect(x, y, width, 1);
    context.fillRect(x, y + height - 1, width, 1);
  }
  if (kind === Kind.Lost) context.fillRect(x, y + height - 1, width, 1);
}

export function clock(seconds: number): string {
  const whole = Math.max(0, seconds);
  const minutes = Math.floor(whole / 60);
  const rest = whole - 60 * minutes;
  return `${minutes}:${rest.toFixed(Number.isInteger(rest) ? 0 : 2).padStart(Number.isInteger(rest) ? 2 : 5, "0")}`;
}

export function angleName(name: string): string {
  return name.replace("_", " ");
}

export function curveColor(angle: number): string {
  return CURVE_COLORS[angle] ?? "#ffffff";
}

function niceStep(seconds: number): number {
  return [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600].find((step) => step >= seconds) ?? 3600;
}
