/** The ways people took through the scene, on the ground under them. */

import * as THREE from "three";
import { Kind, type Run } from "./run.js";

const REBUILT_AFTER = 1000;

interface Trail {
  line: THREE.LineSegments<THREE.BufferGeometry, THREE.LineBasicMaterial>;
  /** The frame of every segment's end. */
  frames: number[];
}

export class Trails {
  readonly object = new THREE.Group();
  private readonly trails = new Map<number, Trail>();
  private built = -1;
  private builtAt = -Infinity;

  constructor(private readonly run: Run) {}

  update(frame: number, seconds: number, chosen: number | undefined): void {
    this.rebuild();
    const now = this.run.seconds(frame);
    const first = seconds === Infinity ? 0 : this.run.frameAt(now - seconds);
    const last = seconds === Infinity ? this.run.frames : frame;
    for (const [id, { line, frames }] of this.trails) {
      const from = firstFrom(frames, first + 1);
      line.geometry.setDrawRange(2 * from, 2 * (firstFrom(frames, last + 1) - from));
      line.material.opacity = chosen === undefined || chosen === id ? 0.9 : 0.35;
    }
  }

  private rebuild(): void {
    const now = performance.now();
    const due = this.built !== this.run.frames && (this.run.complete || now - this.builtAt > REBUILT_AFTER);
    if (!due) return;
    this.built = this.run.frames;
    this.builtAt = now;
    const points = new Map<number, { places: number[]; frames: number[] }>();
    const before = new Map<number, { frame: number; place: number[] }>();
    for (let frame = 0; frame < this.run.frames; frame++) {
      if (this.run.isShot(frame)) before.clear(); // a new shot begins a new world
      for (const one of this.run.people(frame)) {
        if (one.kind === Kind.Lost) continue;
        const { position, ground } = one.timeline;
        const place = [position[3 * one.row]!, ground[one.row]! + 0.02, position[3 * one.row + 2]!];
        const last = before.get(one.id);
        const own = points.get(one.id) ?? { places: [], frames: [] };
        points.set(one.id, own);
        if (last && last.frame === frame - 1) {
          // The lowest foot goes up and down with every step; the ground does not.
          place[1] = last.place[1]! + 0.15 * (place[1]! - last.place[1]!);
          own.places.push(...last.place, ...place);
          own.frames.push(frame);
        }
        before.set(one.id, { frame, place });
      }
    }
    for (const [id, { places, frames }] of points) this.set(id, places, frames);
  }

  private set(id: number, places: number[], frames: number[]): void {
    let trail = this.trails.get(id);
    if (!trail) {
      const material = new THREE.LineBasicMaterial({ color: this.run.tracks.get(id)?.color ?? 0xffffff, transparent: true });
      trail = { line: new THREE.LineSegments(new THREE.BufferGeometry(), material), frames };
      trail.line.frustumCulled = false;
      this.trails.set(id, trail);
      this.object.add(trail.line);
    }
    trail.frames = frames;
    trail.line.geometry.dispose();
    trail.line.geometry = new THREE.BufferGeometry();
    trail.line.geometry.setAttribute("position", new THREE.Float32BufferAttribute(places, 3));
  }
}

/** The place of the first number that is not smaller, in ascending ones. */
function firstFrom(numbers: readonly number[], wanted: number): number {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (numbers[middle]! < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}
