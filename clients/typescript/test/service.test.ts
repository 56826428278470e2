/** Against a real service: SERVICE is its URL, BROKEN a line to it that breaks, CLIP a video, PICTURE a JPEG of it. */

import assert from "node:assert/strict";
import { openAsBlob } from "node:fs";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

import { JobFailedError, RefusedError, ServiceClient } from "../src/index.js";

const { SERVICE = "", BROKEN = "", CLIP = "", PICTURE = "" } = process.env;
const client = new ServiceClient(SERVICE);
const FRAMES = 6;

async function collected<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

test("a frame is answered with its people", async () => {
  const pose = await client.pose(await readFile(PICTURE), { session: "node" });
  assert.equal(pose.frame_width, 1280);
  assert.equal(pose.persons[0]?.track_id, pose.track_id);
  assert.equal(pose.persons[0]?.mesh_vertices, undefined);
});

test("frames of a video come in order with one identity", async () => {
  const picture = await readFile(PICTURE);
  const poses = await collected(client.poses([picture, picture, picture, picture], { atOnce: 2 }));
  assert.deepEqual(poses.map((pose) => pose.frame_number), [0, 1, 2, 3]);
  assert.equal(new Set(poses.map((pose) => pose.track_id)).size, 1);
});

test("an uploaded video is followed to its end, also where connections break", async () => {
  const job = await client.submit(await openAsBlob(CLIP), { maxFrames: FRAMES, overlay: false });
  const numbers = Array.from({ length: FRAMES }, (_, number) => number);
  for (const url of [SERVICE, BROKEN]) {
    const frames = await collected(new ServiceClient(url).frames(job.job_id));
    assert.deepEqual(frames.map((frame) => frame.frame_number), numbers);
  }
  assert.equal((await client.wait(job.job_id)).state, "completed");
  const tracks = await client.file(job.job_id, "tracks.pkl");
  assert.ok((await tracks.arrayBuffer()).byteLength > 10_000);
  await client.cancel(job.job_id);
  await assert.rejects(client.job(job.job_id), (error) => error instanceof RefusedError && error.status === 404);
});

test("a cancelled job ends its frames with an error", async () => {
  const job = await client.submit(CLIP, { overlay: false });
  const frames = client.frames(job.job_id);
  await frames.next();
  await client.cancel(job.job_id);
  await assert.rejects(collected(frames), JobFailedError);
  await client.cancel(job.job_id);
});

test("a refusal says why", async () => {
  await assert.rejects(client.submit("/etc/passwd"), (error) => error instanceof RefusedError && error.status === 403);
});
