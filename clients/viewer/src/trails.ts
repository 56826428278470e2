/** The ways people took through the scene, on the ground under them. */

import * as THREE from "three";
import { Kind, type Run } from "./run.js";

const REBUILT_AFTER = 1000;

interface Trail {
  line: THREE.LineSegments<THREE.BufferGeometry, THREE.LineBasicMaterial>;
  /** Both ends of every segment, and the frame of its second one. */
  places: number[];
  frames: number[];
  last: { frame: number; place: [number, number, number] } | undefined;
}

export class Trails {
  readonly object = new THREE.Group();
  private readonly trails = new Map<number, Trail>();
  private built = 0;
  private builtAt = -Infinity;

  constructor(private readonly run: Run) {}

  update(frame: number, seconds: number, chosen: number | undefined): void {
    const now = performance.now();
    const due = this.run.complete || now - this.builtAt > REBUILT_AFTER;
    if (this.built < this.run.frames && due) {
      this.builtAt = now;
      this.goOn();
    }
    const first = seconds === Infinity ? 0 : this.run.frameAt(this.run.seconds(frame) - seconds);
    const last = seconds === Infinity ? this.run.frames : frame;
    for (const [id, { line, frames }] of this.trails) {
      const from = firstFrom(frames, first + 1);
      line.geometry.setDrawRange(2 * from, 2 * (firstFrom(frames, last + 1) - from));
      line.material.opacity = chosen === undefined || chosen === id ? 0.9 : 0.35;
    }
  }

  /** Add the frames that have come since. */
  private goOn(): void {
    for (; this.built < this.run.frames; this.built++) {
      const frame = this.built;
      const shot = this.run.isShot(frame); // a new shot begins a new world
      for (const one of this.run.people(frame)) {
        if (one.kind === Kind.Lost) continue;
        const { position, ground } = one.timeline;
        const trail = this.trails.get(one.id) ?? this.begin(one.id, one.color);
        const place: [number, number, number] = [position[3 * one.row]!, ground[one.row]! + 0.02, position[3 * one.row + 2]!];
        if (trail.last?.frame === frame - 1 && !shot) {
          // The lowest foot goes up and down with every step; the ground does not.
          place[1] = trail.last.place[1] + 0.15 * (place[1] - trail.last.place[1]);
          trail.places.push(...trail.last.place, ...place);
          trail.frames.push(frame);
        }
        trail.last = { frame, place };
      }
    }
    for (const { line, places } of this.trails.values()) {
      line.geometry.dispose();
      line.geometry = new THREE.BufferGeometry();
      line.geometry.setAttribute("position", new THREE.Float32BufferAttribute(places, 3));
    }
  }

  private begin(id: number, color: number): Trail {
    const material = new THREE.LineBasicMaterial({ color, transparent: true });
    const line = new THREE.LineSegments(new THREE.BufferGeometry(), material);
    line.frustumCulled = false;
    const trail: Trail = { line, places: [], frames: [], last: undefined };
    this.trails.set(id, trail);
    this.object.add(line);
    return trail;
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
