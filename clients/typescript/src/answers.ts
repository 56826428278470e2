/** What the service answers; every field is explained in `schema.ts`, which is generated from its OpenAPI document. */

import type { components } from "./schema.js";

type Schemas = components["schemas"];
/** The documented fields of an answer; all are sent unless a query leaves some out. */
type Sent<T, Optional extends keyof T = never> = {
  [K in keyof T as string extends K ? never : K extends Optional ? never : K]-?: T[K];
} & { [K in Optional]?: T[K] };

/** A person of a frame. */
export type Person = Sent<Schemas["Person"], "mesh_vertices">;
/** A frame of a video job. */
export type Frame = Omit<Schemas["VideoFrame"], "persons"> & { persons: Person[] };
/** The answer to one frame. */
export type Pose = Omit<Sent<Schemas["HybridAnswer"], "visualization">, "persons"> & { persons: Person[] };
/** A video job. */
export type Job = Schemas["JobView"];

const FINAL_STATES: readonly string[] = ["completed", "failed", "cancelled"];

/** Whether a job in this state will never change again. */
export function isFinal(state: unknown): boolean {
  return typeof state === "string" && FINAL_STATES.includes(state);
}
