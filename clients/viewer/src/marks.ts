/** Boxes and names, drawn over the picture and the scene as the overlay draws them. */

import { Kind, type Row } from "./run.js";
import type { Label, Moment, Rectangle } from "./stage.js";

export class Marks {
  private readonly context: CanvasRenderingContext2D;

  constructor(private readonly canvas: HTMLCanvasElement) {
    this.context = canvas.getContext("2d")!;
  }

  begin(width: number, height: number): void {
    const ratio = Math.min(devicePixelRatio, 2);
    if (this.canvas.width !== Math.round(width * ratio) || this.canvas.height !== Math.round(height * ratio)) {
      this.canvas.width = Math.round(width * ratio);
      this.canvas.height = Math.round(height * ratio);
    }
    this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.context.clearRect(0, 0, width, height);
  }

  boxes({ run, frame }: Moment, fitted: Rectangle, chosen: number | undefined): void {
    const scale = fitted.width / (run.index.width || 1);
    for (const one of run.people(frame)) {
      const [x, y, width, height] = box(one, scale);
      const left = fitted.left + x;
      const top = fitted.top + y;
      this.context.strokeStyle = css(one.color);
      this.context.lineWidth = one.id === chosen ? 3 : 1.5;
      this.context.setLineDash(one.kind >= Kind.Predicted ? [6, 6] : []);
      this.context.strokeRect(left, top, width, height);
      this.tag({ text: run.label(one), color: one.color, hollow: one.kind >= Kind.Unusable, x: left, y: top }, fitted);
    }
    this.context.setLineDash([]);
  }

  /** Names over people of the scene, centred. */
  names(labels: readonly Label[], pane: Rectangle): void {
    for (const label of labels) {
      this.context.font = FONT;
      const width = this.context.measureText(label.text).width + 10;
      if (label.x < pane.left || label.x > pane.left + pane.width) continue;
      this.tag({ ...label, x: label.x - width / 2 }, pane);
    }
  }

  private tag({ text, color, hollow, x, y }: Label, within: Rectangle): void {
    const { context } = this;
    context.font = FONT;
    const width = context.measureText(text).width + 10;
    const left = clamp(x, within.left, within.left + within.width - width);
    const top = clamp(y - 18, within.top, within.top + within.height - 18);
    context.fillStyle = hollow ? "rgba(16, 18, 22, 0.85)" : css(color);
    context.fillRect(left, top, width, 18);
    if (hollow) {
      context.setLineDash([]);
      context.lineWidth = 1;
      context.strokeStyle = css(color);
      context.strokeRect(left + 0.5, top + 0.5, width - 1, 17);
    }
    context.fillStyle = hollow ? css(color) : readable(color);
    context.fillText(text, left + 5, top + 13);
  }
}

const FONT = "12px system-ui, sans-serif";

function box(one: Row, scale: number): [number, number, number, number] {
  const at = (side: number): number => one.timeline.box[4 * one.row + side]! * scale;
  return [at(0), at(1), at(2), at(3)];
}

function clamp(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(value, Math.max(low, high)));
}

export function css(color: number, alpha = 1): string {
  return `rgba(${color >> 16}, ${(color >> 8) & 255}, ${color & 255}, ${alpha})`;
}

/** Black or white, whichever is easier to read on a colour. */
export function readable(color: number): string {
  const luminance = 0.299 * (color >> 16) + 0.587 * ((color >> 8) & 255) + 0.114 * (color & 255);
  return luminance > 140 ? "#101216" : "#ffffff";
}
